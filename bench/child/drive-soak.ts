import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Connected, Contestant } from '../contestants/contestant.js';
import type { Tick } from '../workload/handlers.js';
import { invalidRequests, requests, type Small } from '../workload/payloads.js';
import { between, collectedEdge, type Edge } from './edge.js';
import type { Figures, SoakFigures } from './figures.js';
import type { Task } from './orders.js';

/**
 * Mixed calls for a long time: every size, refused ones, and streams where the contestant has them, read to the end and
 * left early. At each sample the callers pause, so that what is alive then is kept by somebody.
 */
export async function driveSoak(
  contestant: Contestant,
  address: string,
  { forMs, sampleMs }: Extract<Task, { kind: 'soak' }>,
): Promise<Figures> {
  const before = await collectedEdge();
  const connected = await contestant.connect(address);
  const calls: Record<string, number> = {};
  const mix = mixOf(contestant, connected);
  const samples: SoakFigures['samples'][number][] = [];

  const began = performance.now();
  const end = began + forMs;
  while (performance.now() < end) {
    const until = Math.min(end, performance.now() + sampleMs);
    const tally = (kind: string): void => {
      calls[kind] = (calls[kind] ?? 0) + 1;
    };
    await Promise.all(mix.map(([kind, call]) => repeat(call, until, () => tally(kind))));
    const { at, client, server } = await collectedEdge();
    samples.push({ atMs: at - began, clientBytes: client.liveBytes ?? 0, serverBytes: server?.liveBytes ?? 0 });
  }
  await connected.close();
  const after = await settled(before);

  const operations = Object.values(calls).reduce((total, one) => total + one, 0);
  const seconds = (performance.now() - began) / 1_000;
  return {
    ...between(before, after, operations),
    seconds,
    rates: [operations / seconds],
    latencies: [],
    soak: {
      samples,
      callsByKind: calls,
      clientResources: [before.client.resources, after.client.resources],
      serverResources: [before.server?.resources ?? 0, after.server?.resources ?? 0],
    },
  };
}

type Step = () => Promise<unknown>;

function mixOf(contestant: Contestant, connected: Connected): readonly (readonly [kind: string, call: Step])[] {
  const { small, records, count, echo } = connected;
  const mix: [string, Step][] = [];
  if (small !== undefined) {
    for (let caller = 0; caller < 8; caller += 1) mix.push(['small', () => small(requests.small)]);
    if (contestant.refuses !== undefined) mix.push(['refused', () => refused(contestant, small)]);
  }
  if (records !== undefined) {
    mix.push(['medium', () => records(requests.medium)], ['medium', () => records(requests.medium)]);
    mix.push(['large', () => records(requests.large)]);
  }
  if (count !== undefined) {
    mix.push(['stream', () => read(count({ to: 200 }))]);
    mix.push(['stream left early', () => leave(count({ to: 100_000 }))]);
  }
  if (echo !== undefined) {
    const conversation = async (): Promise<void> => {
      const both = echo();
      for (let n = 0; n < 20; n += 1) await both.say({ n });
      await both.end();
    };
    mix.push(['conversation', conversation]);
  }
  return mix;
}

async function repeat(step: Step, until: number, tally: () => void): Promise<void> {
  while (performance.now() < until) {
    await step();
    tally();
  }
}

async function refused(contestant: Contestant, small: (request: Small) => Promise<Small>): Promise<void> {
  try {
    await small(invalidRequests.small as Small);
  } catch (error) {
    if (contestant.refuses?.(error) === true) return;
    throw error;
  }
  throw new Error('an invalid request was answered');
}

async function read(stream: AsyncIterable<Tick>): Promise<void> {
  let seen = 0;
  for await (const { n } of stream) if (n === seen) seen += 1;
  if (seen !== 200) throw new Error(`a stream ended after ${seen} of 200 messages`);
}

async function leave(stream: AsyncIterable<Tick>): Promise<void> {
  for await (const { n } of stream) if (n === 20) return;
  throw new Error('a stream ended before its 20th message');
}

/** Waits, at most five seconds, until no more is open than before anything was. */
async function settled(before: Edge): Promise<Edge> {
  for (const end = performance.now() + 5_000; ; ) {
    const now = await collectedEdge();
    const isSettled =
      now.client.resources <= before.client.resources &&
      (now.server?.resources ?? 0) <= (before.server?.resources ?? 0);
    if (isSettled || performance.now() > end) return now;
    await wait(50);
  }
}
