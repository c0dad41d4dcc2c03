import { Histogram } from '@tenon/testing/histogram';
import type { Contestant, Conversation } from '../contestants/contestant.js';
import { between, edge } from './edge.js';
import type { Figures } from './figures.js';
import type { Task } from './orders.js';
import { warmUp } from './warm-up.js';

/** A server stream of so many small messages, read to its end, after shorter ones to warm up. */
export async function driveCount(
  contestant: Contestant,
  address: string,
  task: Extract<Task, { kind: 'count' }>,
): Promise<Figures> {
  const connected = await contestant.connect(address);
  const { count } = connected;
  if (count === undefined) throw new Error('this contestant has no server stream');
  const read = async (to: number): Promise<void> => {
    let expected = 0;
    for await (const { n } of count({ to })) {
      if (n !== expected) throw new Error(`message ${expected} says ${n}`);
      expected += 1;
    }
    if (expected !== to) throw new Error(`the stream ended after ${expected} of ${to} messages`);
  };

  const readFor = async (forMs: number): Promise<void> => {
    const until = performance.now() + forMs;
    while (performance.now() < until) await read(2_000);
  };
  await warmUp(readFor, task.warmupMs);
  const from = await edge();
  const began = performance.now();
  for (let round = 0; round < task.rounds; round += 1) await read(task.messages);
  const seconds = (performance.now() - began) / 1_000;
  const to = await edge();
  await connected.close();

  const operations = task.messages * task.rounds;
  return { ...between(from, to, operations), seconds, rates: [operations / seconds], latencies: [] };
}

/** Streams that go both ways, each saying its next message when the last was answered. */
export async function drivePingPong(
  contestant: Contestant,
  address: string,
  task: Extract<Task, { kind: 'ping-pong' }>,
): Promise<Figures> {
  const connected = await contestant.connect(address);
  const { echo } = connected;
  if (echo === undefined) throw new Error('this contestant has no stream that goes both ways');
  const conversations = Array.from({ length: task.streams }, () => echo());
  const talk = async (histogram: Histogram, forMs: number): Promise<void> => {
    const until = performance.now() + forMs;
    await Promise.all(conversations.map((conversation) => converse(conversation, histogram, until)));
  };

  await warmUp((forMs) => talk(new Histogram(), forMs), task.warmupMs);
  const histogram = new Histogram();
  const from = await edge();
  const began = performance.now();
  await talk(histogram, task.windowMs);
  const seconds = (performance.now() - began) / 1_000;
  const to = await edge();
  await Promise.all(conversations.map((conversation) => conversation.end()));
  await connected.close();

  const [p50, p99, p999] = [histogram.quantile(0.5), histogram.quantile(0.99), histogram.quantile(0.999)];
  return {
    ...between(from, to, histogram.total),
    seconds,
    rates: [histogram.total / seconds],
    latencies: [{ p50, p99, p999 }],
  };
}

async function converse(conversation: Conversation, histogram: Histogram, until: number): Promise<void> {
  let began = performance.now();
  for (let n = 0; began < until; n += 1) {
    const answer = await conversation.say({ n });
    if (answer.n !== n + 1) throw new Error(`${n} was answered by ${answer.n}`);
    const ended = performance.now();
    histogram.record(ended - began);
    began = ended;
  }
}
