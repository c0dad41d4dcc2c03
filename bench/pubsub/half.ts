import { pathToFileURL } from 'node:url';
import type { HalfMessage, HalfOrder, PubSub, Sample, Sending } from './orders.js';

// One half of a contestant, in a process of its own: publishes, or receives and counts, until its harness lets go of it.

const { module, settings, task } = JSON.parse(process.argv[2] ?? '') as HalfOrder;
const contestant = (await import(pathToFileURL(module).href)) as PubSub;
const say = (message: HalfMessage): void => void process.send?.(message, undefined, undefined, () => {});

/** A map of two, their names, a number, and what tells a text's length. */
const fieldBytes = 17;
const batch = 64;
const creditEvery = 512;

let count = 0;
let first = 0;
let last = 0;
let misshapen = 0;
let received = 0;
let wake = (): void => {};

process.once('disconnect', () => process.exit(0));
process.on('message', (message: HalfMessage) => {
  if (message.say === 'usage?') {
    const { user, system } = process.cpuUsage();
    const usage = { count, cpuMicros: user + system, atMs: performance.now(), wrong: wrongOnes() };
    say({ say: 'usage', usage });
  } else if (message.say === 'received') {
    received = message.count;
    wake();
  }
});

try {
  if (task.kind === 'receive') await receive();
  else await send(await contestant.send(settings));
} catch (thrown) {
  say({ say: 'failed', reason: thrown instanceof Error ? thrown.message : String(thrown) });
}

/** What is under way at least once may have overtaken others: there only what came twice is known by now. */
function wrongOnes(): number {
  if (count === 0 || task.kind !== 'receive') return 0;
  const missing = last - first + 1 - count;
  return misshapen + (settings.isKept ? Math.max(0, -missing) : Math.abs(missing));
}

async function receive(): Promise<void> {
  if (contestant.receive === undefined) throw new Error('this contestant does not receive');
  await contestant.receive(settings, ({ seq, text }) => {
    if (count === 0) first = seq;
    if (!Number.isSafeInteger(seq) || typeof text !== 'string') misshapen += 1;
    if (seq > last) last = seq;
    count += 1;
    if (count % creditEvery === 0) say({ say: 'received', count });
  });
  say({ say: 'ready' });
}

async function send(sending: Sending): Promise<void> {
  say({ say: 'ready' });
  if (task.kind === 'stream') return stream(sending, sampleOf(task.bytes), task.ahead);
  if (task.kind === 'confirm') await confirm(sending, sampleOf(task.bytes), task.inFlight, task.count);
  say({ say: 'done' });
}

/** In batches, as an application does that has much to say: what each gives is waited for, then others have their turn. */
async function stream(sending: Sending, sample: (seq: number) => Sample, ahead: number): Promise<never> {
  for (;;) {
    while (count - received > ahead - batch) await new Promise<void>((resolve) => (wake = resolve));
    const waiting: Promise<unknown>[] = [];
    for (let index = 0; index < batch; index += 1) {
      const given = sending.publish(sample(count));
      count += 1;
      if (given !== undefined) waiting.push(given);
    }
    if (waiting.length > 0) await Promise.all(waiting);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A closed loop: so many publishers, each of which publishes the next when its last is confirmed. */
async function confirm(
  sending: Sending,
  sample: (seq: number) => Sample,
  inFlight: number,
  until = Number.POSITIVE_INFINITY,
): Promise<void> {
  let begun = 0;
  const one = async (): Promise<void> => {
    while (begun < until) {
      begun += 1;
      await sending.publish(sample(begun));
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
}

/** Messages whose MessagePack takes about so many bytes. */
function sampleOf(bytes: number): (seq: number) => Sample {
  const text = 'x'.repeat(bytes - fieldBytes);
  return (seq) => ({ seq, text });
}
