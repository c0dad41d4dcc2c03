import type { Call, CallOptions, EndpointDescriptor, Reply } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { type AttemptParts, runAttempts } from '../src/client/attempts.js';
import { resolveClientOptions } from '../src/client/client-options.js';
import { ConnectionPool } from '../src/client/connection-pool.js';
import { prepareCall } from '../src/client/prepared-call.js';
import { hello } from './greeter.js';
import { RecordingLogger } from './recording-logger.js';
import { ScriptedSelector } from './scripted-selector.js';
import { failing, ScriptedTransport } from './scripted-transport.js';

/** The node certainly did not run the call. */
export const refused = failing('Unavailable', 'refused', { executed: 'no' });
/** The node may have run the call. */
export const broken = failing('Unavailable', 'broken', { executed: 'maybe' });

/** The attempts of one call after another, over nodes that answer as the test says. */
export function attemptsOver(...nodes: string[]) {
  const clock = new FakeClock();
  const selector = new ScriptedSelector(nodes);
  const transport = new ScriptedTransport();
  const pool = new ConnectionPool([transport], clock, new RecordingLogger(), 3_600_000);
  const client = resolveClientOptions({ retry: { backoffBaseMs: 100, backoffMaxMs: 100 } });
  const parts = { selector, pool, clock, retry: client.retry, local: undefined as AttemptParts['local'] };
  const begin = (
    options: CallOptions = {},
    endpoint: EndpointDescriptor = hello,
    { value, messages }: Partial<Pick<Call, 'value' | 'messages'>> = { value: { name: 'Ada' } },
  ): Reply | Promise<Reply> =>
    runAttempts(prepareCall(endpoint, value, messages, options, client, clock), parts, clock.now());
  const run = async (...asked: Parameters<typeof begin>): Promise<Reply> => begin(...asked);
  return { clock, selector, transport, pool, parts, begin, run };
}

/** Runs a call to its end, however often it pauses. */
export async function ended<T>(clock: FakeClock, work: Promise<T>): Promise<T> {
  work.catch(() => {});
  for (let pause = 0; pause < 10; pause += 1) await clock.advance(100);
  return work;
}

/** The addresses that were called, in order. */
export function nodesOf({ calls }: ScriptedTransport): readonly string[] {
  return calls.map(({ address }) => address);
}
