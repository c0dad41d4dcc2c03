import { type Intercept, type InterceptedCall, type InterceptorPlace, noMetadata, type Reply } from '@tenon/contract';
import { expect, test, vi } from 'vitest';
import { chain, interceptorsAt, type Target } from './chain.js';
import { SeenCall } from './seen-call.js';

const { signal } = new AbortController();

function callOf(value: unknown): SeenCall {
  const place = { service: 'greeter', endpoint: 'Greeter.Hello', metadata: noMetadata, deadline: 10 } as const;
  return new SeenCall({ side: 'client', kind: 'unary', ...place, value }, { signal });
}

const call = callOf('a');

const last = async ({ value }: InterceptedCall): Promise<Reply> => ({ value: `(${value})`, metadata: noMetadata });

/** What a chain is run around. */
const handler: Target = { reach: last };

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
  expect(await around?.around(call, handler)).toMatchObject({ value: '123(a123)' });
});

test('each gets what the one before it handed on: the same call, or a changed copy with the same signal', async () => {
  const seen: InterceptedCall[] = [];
  const note: Intercept = (given, next) => {
    seen.push(given);
    return next(given);
  };
  const change: Intercept = (given, next) => next({ ...given, value: 'changed' });
  const around = chain([note, note, change, note]);
  expect(await around?.around(call, handler)).toMatchObject({ value: '(changed)' });
  expect([seen[0], seen[1]]).toEqual([call, call]);
  expect(seen[1]).toBe(call);
  expect(seen[2]).toMatchObject({ value: 'changed', endpoint: 'Greeter.Hello', deadline: 10 });
  expect(seen.map((given) => given.signal)).toEqual([signal, signal, signal]);
});

test('one that does not call next decides alone', async () => {
  const final = vi.fn(last);
  const inner = vi.fn(marked('2'));
  const around = chain([async () => ({ value: 'mine', metadata: noMetadata }), inner]);
  expect(await around?.around(call, { reach: final })).toMatchObject({ value: 'mine' });
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
  await expect(chain([throwing])?.around(call, handler)).rejects.toBe(error);
  await expect(chain([outer, throwing])?.around(call, handler)).rejects.toBe(error);
  expect(seen).toEqual([error]);
});

test('a chain serves many calls at once and keeps nothing of them', async () => {
  const around = chain([marked('1'), marked('2')]);
  const replies = await Promise.all(['a', 'b', 'c'].map((value) => around?.around(callOf(value), handler)));
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

test('a reply that is there at once is there at once behind interceptors that pass it on, and only there', async () => {
  const passing: Intercept = (given, next) => next(given);
  const reply: Reply = { value: 'hi', metadata: noMetadata };
  const through = (intercepts: Intercept[], reach: Target['reach']) => chain(intercepts)?.around(call, { reach });
  expect(through([passing, passing], () => reply)).toBe(reply);
  expect(await through([passing, marked('1')], () => reply)).toMatchObject({ value: '1hi' });
  const twice: Intercept = async (given, next) => (await next(given)) && next(given);
  expect(await through([passing, twice], () => reply)).toBe(reply);
  expect(through([passing], async () => reply)).toBeInstanceOf(Promise);
  const failing = through([passing], () => {
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
});
