import type { Connected, Contestant, Conversation } from '../contestants/contestant.js';
import { requests } from '../workload/payloads.js';
import { between, collectedEdge, type Edge, edge } from './edge.js';
import type { Figures } from './figures.js';
import type { Task } from './orders.js';
import { warmUp } from './warm-up.js';

/** Opens so many connections, 50 at a time, with one small call on each. */
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
  const openAll = () => inBatches(connections, open);
  const closeAll = (all: readonly Pick<Connected, 'close'>[]) => Promise.all(all.map((one) => one.close()));
  // What the first ones bring (code, tables, the shape of objects) is not a connection's.
  const first = await inBatches(100, open);
  const opened = await opening(connections, 1, openAll, closeAll);
  const held = await holding(connections, openAll, closeAll);
  await closeAll(first);
  await client.close();
  return { ...opened, ...held };
}

/** Opens so many streams that go both ways on one connection, with one message and its answer on each. */
export async function driveStreamsOnOne(
  contestant: Contestant,
  address: string,
  { streams, warmupMs }: Extract<Task, { kind: 'streams-on-one' }>,
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

  const openAndEnd = async (forMs: number): Promise<void> => {
    const until = performance.now() + forMs;
    while (performance.now() < until) await endAll(await openAll(streams));
  };
  await warmUp(openAndEnd, warmupMs);
  const opened = await opening(streams, 20, () => openAll(streams), endAll);
  const held = await holding(streams, () => openAll(streams), endAll);
  await connected.close();
  return { ...opened, ...held };
}

/** What opening takes, on the clock and of CPU time, with nothing else going on; so often that it can be told from noise. */
async function opening<T>(
  count: number,
  rounds: number,
  openAll: () => Promise<T>,
  closeAll: (all: T) => Promise<unknown>,
): Promise<Figures> {
  const windows: { readonly from: Edge; readonly to: Edge; readonly seconds: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = await edge();
    const began = performance.now();
    const all = await openAll();
    const seconds = (performance.now() - began) / 1_000;
    windows.push({ from, to: await edge(), seconds });
    await closeAll(all);
  }
  const seconds = windows.reduce((total, window) => total + window.seconds, 0);
  const operations = count * rounds;
  const shares = windows.map(({ from, to }) => between(from, to, operations));
  const totalOf = (side: 'clientCpuMicros' | 'serverCpuMicros'): number =>
    shares.reduce((total, share) => total + share[side], 0);
  return {
    ...(shares.at(-1) as (typeof shares)[number]),
    clientCpuMicros: totalOf('clientCpuMicros'),
    serverCpuMicros: totalOf('serverCpuMicros'),
    // Until all were open, in a round.
    seconds: seconds / rounds,
    rates: [operations / seconds],
    latencies: [],
  };
}

/** What each holds while all are open, on either side. Collects what nothing holds, so it comes after what is timed. */
async function holding<T>(
  count: number,
  openAll: () => Promise<T>,
  closeAll: (all: T) => Promise<unknown>,
): Promise<Pick<Figures, 'clientLiveBytes' | 'serverLiveBytes'>> {
  const from = await collectedEdge();
  const all = await openAll();
  const to = await collectedEdge();
  await closeAll(all);
  const alive = (side: 'client' | 'server'): number =>
    ((to[side]?.liveBytes ?? Number.NaN) - (from[side]?.liveBytes ?? Number.NaN)) / count;
  return { clientLiveBytes: alive('client'), serverLiveBytes: alive('server') };
}

async function inBatches<T>(count: number, open: () => Promise<T>): Promise<readonly T[]> {
  const opened: T[] = [];
  while (opened.length < count) {
    const batch = Math.min(50, count - opened.length);
    opened.push(...(await Promise.all(Array.from({ length: batch }, open))));
  }
  return opened;
}
