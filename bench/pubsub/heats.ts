import { setTimeout as wait } from 'node:timers/promises';
import type { NatsServer } from '../harness/nats-server.js';
import { HalfProcess } from './half-process.js';
import type { HalfUsage, Settings } from './orders.js';

/** What one heat came to. */
export interface Heat {
  readonly rate: number;
  /** For each message; NaN where a heat has no such process. */
  readonly senderMicros: number;
  readonly receiverMicros: number;
  readonly brokerMicros: number;
}

export interface Timing {
  readonly warmupMs: number;
  readonly windowMs: number;
}

/** Publisher and subscriber at once; what counts is what the subscriber got. */
export async function streamHeat(
  module: string,
  settings: Settings,
  bytes: number,
  server: NatsServer,
  timing: Timing,
): Promise<Heat> {
  const receiver = new HalfProcess({ module, settings, task: { kind: 'receive' } });
  try {
    await receiver.said('ready');
    const sender = new HalfProcess({ module, settings, task: { kind: 'stream', bytes, ahead } });
    try {
      receiver.onReceived((message) => sender.say(message));
      await sender.said('ready');
      return await windowOf(receiver, sender, receiver, server, timing);
    } finally {
      await sender.stop();
    }
  } finally {
    await receiver.stop();
  }
}

/** A publisher alone, each of whose messages is confirmed. */
export async function confirmHeat(
  module: string,
  settings: Settings,
  bytes: number,
  server: NatsServer,
  timing: Timing,
): Promise<Heat> {
  const sender = new HalfProcess({ module, settings, task: { kind: 'confirm', bytes, inFlight: confirmsInFlight } });
  try {
    await sender.said('ready');
    return await windowOf(sender, sender, undefined, server, timing);
  } finally {
    await sender.stop();
  }
}

/** A subscriber alone, to a stream that was filled before: nobody publishes meanwhile. Shorter, as what is consumed must be there. */
export async function consumeHeat(
  module: string,
  settings: Settings,
  bytes: number,
  server: NatsServer,
  whole: Timing,
): Promise<Heat> {
  const timing = { warmupMs: whole.warmupMs / 2, windowMs: whole.windowMs * 0.7 };
  const task = { kind: 'confirm', bytes, inFlight: confirmsInFlight, count: filling(timing) } as const;
  const filler = new HalfProcess({ module, settings, task });
  await filler.said('done', 240_000).finally(() => filler.stop());
  const receiver = new HalfProcess({ module, settings, task: { kind: 'receive' } });
  try {
    await receiver.said('ready');
    return await windowOf(receiver, undefined, receiver, server, timing);
  } finally {
    await receiver.stop();
  }
}

async function windowOf(
  counting: HalfProcess,
  sender: HalfProcess | undefined,
  receiver: HalfProcess | undefined,
  server: NatsServer,
  { warmupMs, windowMs }: Timing,
): Promise<Heat> {
  const look = async () => ({
    counted: await counting.usage(),
    sender: await sender?.usage(),
    receiver: await receiver?.usage(),
    brokerMicros: server.cpuMicros ?? Number.NaN,
  });
  await wait(warmupMs);
  const before = await look();
  await wait(windowMs);
  const after = await look();
  const count = after.counted.count - before.counted.count;
  const wrong = after.counted.wrong;
  if (wrong > 0) throw new Error(`${wrong} messages were lost, doubled or not as they were sent`);
  if (count === 0) throw new Error('no message came');
  const each = (was: HalfUsage | undefined, is: HalfUsage | undefined): number =>
    was === undefined || is === undefined ? Number.NaN : (is.cpuMicros - was.cpuMicros) / count;
  return {
    rate: (count * 1_000) / (after.counted.atMs - before.counted.atMs),
    senderMicros: each(before.sender, after.sender),
    receiverMicros: each(before.receiver, after.receiver),
    brokerMicros: (after.brokerMicros - before.brokerMicros) / count,
  };
}

/** So many must outlast warm-up and window. */
function filling({ warmupMs, windowMs }: Timing): number {
  return Math.round(((warmupMs + windowMs) / 1_000) * 120_000);
}

/** So far a publisher may be ahead of its subscriber: enough to keep it busy, and less than any of them lets wait. */
const ahead = 8_192;
const confirmsInFlight = 128;
