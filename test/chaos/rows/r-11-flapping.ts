import { eventually } from '@tenon/conformance';
import type { BackEndServer } from '../../discovery/back-end.js';
import { counted, failuresOf, mib, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Caller, Fleet, FleetNode } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import type { Holdings } from '../nodes/holdings.js';

export const flapping: Row = {
  id: 'R-11',
  fault: 'the registry killed under load, down 1 s and up 1 s, 8 times (long: 30)',
  bar: '0 failed; RSS of caller and node, and their heaps, grow by < 8 MiB; watches, timers and sockets back to their count at the start',
  registries: 'each',
  quiet: true,

  async run(lab, { isLong, note }) {
    const registry = await lab.registry();
    const server = registry.server('kill');
    const fleet = await lab.fleet({ registry });
    const flags = ['--expose-gc'];
    const node = await fleet.start({ flags });
    for (let more = 0; more < 2; more += 1) await fleet.start();
    const caller = await fleet.caller({ watches: true, flags });
    const load = { endpoint: 'work', rate: 200 } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    // What is loaded and compiled once, when a registry is lost for the first time, is no growth.
    await flap(lab, server, 2);
    await seesAll(fleet, caller);
    const before = await heldAtMost(lab, caller, node, server);

    const times = isLong ? 30 : 8;
    const working = caller.load({ ...load, name: 'flapping', durationMs: 600_000 });
    await flap(lab, server, times);
    await seesAll(fleet, caller);
    await caller.stop('flapping');
    const { sent, failed, failures } = counted(await working);
    let after = await held(caller, node, server);
    const isBack = (): boolean => more(before, after).length === 0;
    await eventually(
      async () => {
        after = await held(caller, node, server);
        if (!isBack()) throw new Error('not everything is back');
      },
      { withinMs: 30_000, everyMs: 500 },
    ).catch((failure) => note(String(failure)));
    // Looked at as often as before: V8 gives memory back step by step, with each collection.
    const calm = await heldAtMost(lab, caller, node, server);

    const grown = (what: 'rssBytes' | 'heapBytes'): readonly number[] =>
      (['caller', 'node'] as const).map((whose) => calm[whose][what] - before[whose][what]);
    const [rss, heaps] = [grown('rssBytes'), grown('heapBytes')];
    return {
      n: sent,
      figure: [
        `${shareOf(failed, sent)} failed in ${times} times`,
        `RSS of caller and node ${rss.map(signed).join(', ')}, their heaps after garbage collection ${heaps.map(signed).join(', ')}`,
        isBack() ? countsOf(after) : `more than at the start: ${more(before, after).join(', ')}`,
      ].join('; '),
      passed: failed === 0 && Math.max(...rss, ...heaps) < 8 * 2 ** 20 && isBack(),
      ...(failed === 0 ? {} : { notes: failuresOf(failures) }),
    };
  },
};

interface Held {
  readonly caller: Holdings;
  readonly node: Holdings;
  /** Undefined where the registry's server does not tell. */
  readonly watches: number | undefined;
}

async function flap(lab: Lab, server: BackEndServer, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    await server.kill();
    await lab.pass(1_000);
    await server.start();
    await lab.pass(1_000);
  }
}

/** The caller's watch tells of a node that comes and of one that leaves: it works again, and each of the fleet is registered. */
async function seesAll(fleet: Fleet, caller: Caller): Promise<void> {
  const one = await fleet.start();
  const seen = async (): Promise<void> => {
    const expected = fleet.nodes.map(({ address }) => address).sort();
    const { addresses } = (await caller.sets()).at(-1) ?? {};
    if (`${addresses}` !== `${expected}`) throw new Error(`the list is ${addresses}, not ${expected}`);
  };
  await eventually(seen, withinAMinute);
  await one.terminate();
  await eventually(seen, withinAMinute);
}

async function held(caller: Caller, node: FleetNode, server: BackEndServer): Promise<Held> {
  return {
    caller: await caller.ask<Holdings>('holdings', 0, 10_000),
    node: await node.holdings(),
    watches: await server.watches?.(),
  };
}

/** The same where it is most within some seconds: a registry that asks again and again has a socket less between two questions. */
async function heldAtMost(lab: Lab, caller: Caller, node: FleetNode, server: BackEndServer): Promise<Held> {
  let most = await held(caller, node, server);
  for (let look = 0; look < 10; look += 1) {
    await lab.pass(300);
    const now = await held(caller, node, server);
    most = {
      caller: withCounts(now.caller, most.caller),
      node: withCounts(now.node, most.node),
      watches: now.watches && Math.max(now.watches, most.watches ?? 0),
    };
  }
  return most;
}

function withCounts(now: Holdings, most: Holdings): Holdings {
  return { ...now, sockets: Math.max(now.sockets, most.sockets), timers: Math.max(now.timers, most.timers) };
}

/** What is more than before, by name. */
function more(before: Held, after: Held): readonly string[] {
  const pairs: readonly (readonly [string, number, number])[] = [
    ['watches', before.watches ?? 0, after.watches ?? 0],
    ...(['caller', 'node'] as const).flatMap((whose) =>
      (['sockets', 'timers'] as const).map(
        (what) => [`${what} of the ${whose}`, before[whose][what], after[whose][what]] as const,
      ),
    ),
  ];
  return pairs.flatMap(([name, was, is]) => (is > was ? [`${is} ${name}, not ${was}`] : []));
}

function countsOf({ caller, node, watches }: Held): string {
  const own = ({ sockets, timers }: Holdings): string => `${sockets} sockets and ${timers} timers`;
  const told = watches === undefined ? 'watches not told by this server' : `${watches} watches`;
  return `as at the start: ${told}, caller ${own(caller)}, node ${own(node)}`;
}

function signed(bytes: number): string {
  return `${bytes < 0 ? '−' : '+'}${mib(Math.abs(bytes))}`;
}

const withinAMinute = { withinMs: 60_000, everyMs: 50 };
