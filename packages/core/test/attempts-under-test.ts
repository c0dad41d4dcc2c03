import type { Call, CallOptions, EndpointDescriptor, Reply } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import type { AttemptParts } from '../src/client/attempt-parts.js';
import { runAttempts } from '../src/client/attempts.js';
import { Breakers } from '../src/client/breakers.js';
import { type ClientOptions, resolveClientOptions } from '../src/client/client-options.js';
import { ConnectionPool } from '../src/client/connection-pool.js';
import { prepareCall } from '../src/client/prepared-call.js';
import { Repetition } from '../src/client/repetition.js';
import { SignsOfLife } from '../src/client/signs-of-life.js';
import { telemetryOf } from '../src/telemetry/index.js';
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
  return attemptsWith({}, ...nodes);
}

/** The same, of a client with options. */
export function attemptsWith(options: ClientOptions, ...nodes: string[]) {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const meter = new RecordingMeter();
  const telemetry = telemetryOf(meter);
  const selector = new ScriptedSelector(nodes);
  const transport = new ScriptedTransport();
  const client = resolveClientOptions({ retry: { backoffBaseMs: 100, backoffMaxMs: 100 }, ...options });
  const { silence, breaker, retry, connectPatienceMs } = client;
  const signs = silence === undefined ? undefined : new SignsOfLife(silence, clock, telemetry, logger);
  const pool = new ConnectionPool([transport], clock, logger, 3_600_000, signs);
  const repetition = new Repetition(retry, clock, telemetry, logger);
  const breakers = breaker === undefined ? undefined : new Breakers(breaker, telemetry, logger);
  const local = undefined as AttemptParts['local'];
  const parts = { selector, pool, clock, logger, telemetry, repetition, connectPatienceMs, breakers, local };
  const begin = (
    options: CallOptions = {},
    endpoint: EndpointDescriptor = hello,
    { value, messages }: Partial<Pick<Call, 'value' | 'messages'>> = { value: { name: 'Ada' } },
  ): Reply | Promise<Reply> =>
    runAttempts(prepareCall(endpoint, value, messages, options, client, clock), parts, clock.now());
  const run = async (...asked: Parameters<typeof begin>): Promise<Reply> => begin(...asked);
  return { clock, logger, meter, selector, transport, pool, parts, begin, run };
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
