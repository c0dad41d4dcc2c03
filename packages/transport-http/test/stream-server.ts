import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { allOf } from '../../../test/wire/test-call.js';
import { type Answer, serve, type TestServer, type TestServerOptions } from './test-server.js';

/** A reply that streams. */
export function streamed(messages: AsyncIterable<unknown>): Reply {
  return { value: undefined, messages, metadata: noMetadata };
}

/** The numbers from 1. */
export async function* count(to: number): AsyncGenerator<unknown> {
  for (let n = 1; n <= to; n += 1) yield { n };
}

/**
 * A server with streams: `Count` counts to `to` and then fails where `fail` says so, `Total` adds numbers up, `Double`
 * answers each number with its double.
 */
export function serveStreams(
  answers: Readonly<Record<string, Answer>> = {},
  options: TestServerOptions = {},
): Promise<TestServer> {
  const streams = { 'Greeter.Count': counting, 'Greeter.Total': total, 'Greeter.Double': doubling };
  const kinds = { 'Greeter.Count': 'server', 'Greeter.Total': 'client', 'Greeter.Double': 'bidi' } as const;
  return serve({ ...streams, ...answers }, { ...options, kinds: { ...kinds, ...options.kinds } });
}

const counting: Answer = (call) => {
  const { to, fail } = call.decode() as { readonly to: number; readonly fail?: string };
  const messages = async function* () {
    yield* count(to);
    if (fail === 'ours') throw new ServiceError('NotFound', 'no more: Zoë', { details: { at: to }, executed: 'yes' });
    if (fail !== undefined) throw new Error('password=1');
  };
  return streamed(messages());
};

const total: Answer = async (call) => {
  const numbers = (await allOf(call.messages())) as number[];
  return { value: numbers.reduce((sum, n) => sum + n, 0), metadata: noMetadata };
};

const doubling: Answer = (call) => {
  const messages = async function* () {
    for await (const n of call.messages()) yield (n as number) * 2;
  };
  return streamed(messages());
};
