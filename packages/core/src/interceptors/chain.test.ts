import { type Intercept, type InterceptedCall, type InterceptorPlace, noMetadata, type Reply } from '@tenon/contract';
import { expect, test, vi } from 'vitest';
import { chain, interceptorsAt } from './chain.js';

const call: InterceptedCall = Object.freeze({
  side: 'client',
  kind: 'unary',
  service: 'greeter',
  endpoint: 'Greeter.Hello',
  value: 'a',
  metadata: noMetadata,
  deadline: 10,
  signal: new AbortController().signal,
});

const last = async ({ value }: InterceptedCall): Promise<Reply> => ({ value: `(${value})`, metadata: noMetadata });

/** Writes itself around the request and around the reply. */
const marked =
  (mark: string): Intercept =>
  async (given, next) => {
    const reply = await next({ ...given, value: `${given.value}${mark}` });
    return { ...reply, value: `${mark}${reply.value}` };
  };

test('no interceptor is no chain, which costs nothing', () => {
  expect(chain([])).toBeUndefined();
});

test('the first is the outermost: first to see the call, last to see the reply', async () => {
  const around = chain([marked('1'), marked('2'), marked('3')]);
  expect(await around?.(call, last)).toMatchObject({ value: '123(a123)' });
});

test('one that does not call next decides alone', async () => {
  const final = vi.fn(last);
  const inner = vi.fn(marked('2'));
  const around = chain([async () => ({ value: 'mine', metadata: noMetadata }), inner]);
  expect(await around?.(call, final)).toMatchObject({ value: 'mine' });
  expect([final.mock.calls.length, inner.mock.calls.length]).toEqual([0, 0]);
});

test('one that throws, even at once, makes a rejection that the outer ones see', async () => {
  const seen: unknown[] = [];
  const outer: Intercept = async (given, next) => {
    try {
      return await next(given);
    } catch (thrown) {
      seen.push(thrown);
      throw thrown;
    }
  };
  const error = new Error('no');
  const throwing = (() => {
    throw error;
  }) as unknown as Intercept;
  await expect(chain([throwing])?.(call, last)).rejects.toBe(error);
  await expect(chain([outer, throwing])?.(call, last)).rejects.toBe(error);
  expect(seen).toEqual([error]);
});

test('a chain serves many calls at once and keeps nothing of them', async () => {
  const around = chain([marked('1'), marked('2')]);
  const replies = await Promise.all(['a', 'b', 'c'].map((value) => around?.({ ...call, value }, last)));
  expect(replies.map((reply) => reply?.value)).toEqual(['12(a12)', '12(b12)', '12(c12)']);
});

test('interceptors run only where they want to, as methods of themselves', async () => {
  const made = (name: string, places: readonly InterceptorPlace[]) => ({
    name,
    places,
    async intercept(this: { readonly name: string }) {
      return { value: this.name, metadata: noMetadata };
    },
  });
  const all = [made('a', ['client', 'early']), made('b', ['server']), made('c', ['client'])];
  const valuesAt = (place: InterceptorPlace): Promise<readonly unknown[]> =>
    Promise.all(interceptorsAt(place, all).map(async (intercept) => (await intercept(call, last)).value));
  expect(await valuesAt('client')).toEqual(['a', 'c']);
  expect(await valuesAt('early')).toEqual(['a']);
  expect(await valuesAt('server')).toEqual(['b']);
});
