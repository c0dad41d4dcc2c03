import { jsonCodec } from '@tenon/codec-json';
import { type Client, type Codec, type Intercept, noMetadata, type Provider } from '@tenon/contract';
import { expect, test, vi } from 'vitest';
import { type DispatcherSetting, dispatcherOf } from '../../test/dispatcher-under-test.js';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ScriptedSelector } from '../../test/scripted-selector.js';
import { LocalServices } from '../local/index.js';
import { callClient, replyValue } from './call-client.js';

/** The client of an app that serves `Greeter.Hello` itself. */
function setUp({ intercept, ...setting }: DispatcherSetting & { readonly intercept?: Intercept | undefined } = {}) {
  const { dispatcher, clock } = dispatcherOf(setting);
  const services = new LocalServices();
  const node = { id: 'n1', address: '127.0.0.1:1', metadata: noMetadata };
  services.serve(dispatcher, [
    { name: 'greeter', version: '1.0.0', metadata: noMetadata, endpoints: [], nodes: [node] },
  ]);
  const bound = intercept === undefined ? [] : [{ name: 'own', places: ['client'], intercept }];
  const codec = (jsonCodec() as Provider<Codec>).create as () => Codec;
  const create = callClient({ local: 'reference' }).create as unknown as (...parts: unknown[]) => Client;
  const parts = [[], new ScriptedSelector([]), undefined, [codec()], undefined, bound, clock, new RecordingLogger()];
  return { client: create(...parts, services), clock };
}

const name = { name: 'Ada' };

test('a call that is answered at once resolves, with and without interceptors', async () => {
  const seen: unknown[] = [];
  const passing: Intercept = (call, next) => {
    const replied = next(call);
    seen.push(replied instanceof Promise);
    return replied;
  };
  const waiting: Intercept = async (call, next) => ({ ...(await next(call)), value: 'changed' });
  for (const [intercept, value] of [
    [undefined, 'hi'],
    [passing, 'hi'],
    [waiting, 'changed'],
  ] as const) {
    const { client } = setUp({ handle: () => 'hi', intercept });
    expect(await client.unary(hello, name)).toEqual({ value, metadata: noMetadata });
    expect(await replyValue(client, hello, name)).toBe(value);
  }
  expect(seen).toEqual([true, true]);
});

test('an interceptor may return what another library takes for a promise', async () => {
  const intercept = ((call, next) => {
    const replied = next(call);
    // biome-ignore lint/suspicious/noThenProperty: this is such a thing
    return { then: replied.then.bind(replied) };
  }) as Intercept;
  const { client } = setUp({ handle: () => 'hi', intercept });
  expect(await replyValue(client, hello, name)).toBe('hi');
});

test('metadata of a reply is handed out when the call resolves, not before it was made', async () => {
  const { client } = setUp();
  const onReply = vi.fn();
  const replied = client.unary(hello, name, { onReply });
  expect(onReply).not.toHaveBeenCalled();
  await replied;
  expect(onReply.mock.calls).toEqual([[noMetadata]]);
});

test('what interceptors take is time of the call: once it has run out, the handler does not begin', async () => {
  const handle = vi.fn();
  const { client, clock } = setUp({
    handle,
    intercept: async (call, next) => {
      await clock.advance(30);
      return next(call);
    },
  });
  expect(await failureOf(client.unary(hello, name, { timeoutMs: 20, maxAttempts: 1 }))).toMatchObject({
    code: 'DeadlineExceeded',
    executed: 'no',
  });
  expect(handle).not.toHaveBeenCalled();
});
