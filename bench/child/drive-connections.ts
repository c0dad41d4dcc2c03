import type { Connected, Contestant, Conversation } from '../contestants/contestant.js';
import { requests } from '../workload/payloads.js';
import { between, type Edge, edge } from './edge.js';
import type { Figures } from './figures.js';
import type { Task } from './orders.js';

/** Opens so many connections, 50 at a time, with one small call on each; looks at what they hold while all are open. */
export async function driveConnections(
  contestant: Contestant,
  address: string,
  { connections }: Extract<Task, { kind: 'connections' }>,
): Promise<Figures> {
  const client = await contestant.connect(address);
  const { another = () => contestant.connect(address) } = client;
  const open = async (): Promise<Pick<Connected, 'close'>> => {
    const connected = await another();
    if ((await connected.small?.(requests.small))?.n !== requests.small.n + 1) throw new Error('a wrong first answer');
    return connected;
  };
  // What the first ones bring (code, tables, the shape of objects) is not a connection's.
  const first = await inBatches(100, open);
  const from = await edge();
  const began = performance.now();
  const all = await inBatches(connections, open);
  const seconds = (performance.now() - began) / 1_000;
  const to = await edge();
  await Promise.all([...first, ...all].map((connected) => connected.close()));
  await client.close();
  return held(from, to, connections, seconds);
}

/** Opens so many streams that go both ways on one connection, with one message and its answer on each. */
export async function driveStreamsOnOne(
  contestant: Contestant,
  address: string,
  { streams }: Extract<Task, { kind: 'streams-on-one' }>,
): Promise<Figures> {
  const connected = await contestant.connect(address);
  const { echo } = connected;
  if (echo === undefined) throw new Error('this contestant has no stream that goes both ways');
  const openAll = (count: number): Promise<readonly Conversation[]> =>
    Promise.all(
      Array.from({ length: count }, async () => {
        const conversation = echo();
        if ((await conversation.say({ n: 7 })).n !== 8) throw new Error('a wrong first answer');
        return conversation;
      }),
    );
  const endAll = (conversations: readonly Conversation[]) => Promise.all(conversations.map((one) => one.end()));

  for (let round = 0; round < 10; round += 1) await endAll(await openAll(streams));
  const from = await edge();
  const began = performance.now();
  const conversations = await openAll(streams);
  const seconds = (performance.now() - began) / 1_000;
  const to = await edge();
  await endAll(conversations);
  await connected.close();
  return held(from, to, streams, seconds);
}

async function inBatches<T>(count: number, open: () => Promise<T>): Promise<readonly T[]> {
  const opened: T[] = [];
  while (opened.length < count) {
    const batch = Math.min(50, count - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: batch }, open))));
  }
  return opened;
}

function held(from: Edge, to: Edge, operations: number, seconds: number): Figures {
  const alive = (side: 'client' | 'server'): number =>
    ((to[side]?.liveBytes ?? Number.NaN) - (from[side]?.liveBytes ?? Number.NaN)) / operations;
  return {
    ...between(from, to, operations),
    seconds,
    rates: [operations / seconds],
    latencies: [],
    clientLiveBytes: alive('client'),
    serverLiveBytes: alive('server'),
  };
}
