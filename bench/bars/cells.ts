import type { Load, Task } from '../child/orders.js';

/** How much is measured. */
export interface Effort {
  readonly name: 'quick' | 'default' | 'long';
  /** Every contestant once in each, in fresh processes. */
  readonly repetitions: number;
  readonly warmupMs: number;
  /** For contestants that settle slowly (`startsSlowly`). */
  readonly slowWarmupMs: number;
  readonly windowMs: number;
  readonly soakMs: number;
}

export const efforts: Readonly<Record<Effort['name'], Effort>> = Object.freeze({
  quick: { name: 'quick', repetitions: 1, warmupMs: 700, slowWarmupMs: 1_800, windowMs: 350, soakMs: 8_000 },
  default: { name: 'default', repetitions: 3, warmupMs: 2_500, slowWarmupMs: 6_000, windowMs: 1_000, soakMs: 180_000 },
  long: { name: 'long', repetitions: 5, warmupMs: 2_500, slowWarmupMs: 6_000, windowMs: 2_000, soakMs: 2 * 3_600_000 },
});

/** Somebody who takes part in a cell. */
export interface Entrant {
  /** As it stands in the table. */
  readonly name: string;
  /** The file of that name in `bench/contestants` or `bench/peers`. */
  readonly contestant: string;
  readonly task: (effort: Effort, warmupMs: number) => Task;
  /** Only with `--long`: no bar names it. */
  readonly onlyLong?: boolean;
}

/** Entrants who are measured in turns under the same load: one table. */
export interface Cell {
  readonly name: string;
  readonly bench: 'calls' | 'streams' | 'connections' | 'local' | 'grpc' | 'soak';
  readonly about: string;
  readonly entrants: readonly Entrant[];
  /** Only with `--long`, or when asked for by name. */
  readonly onlyLong?: boolean;
  /** Measured once, since it is long enough to be repeated within itself. */
  readonly once?: boolean;
  /** The cell counts only where `one` did at least so many times the calls a second of `other`. */
  readonly canary?: { readonly one: string; readonly other: string; readonly atLeast: number };
}

const tenon = 'tenon-tcp';
const smallAlone: readonly Load[] = [{ payload: 'small', inFlight: 64 }];
const smallBesideLarge: readonly Load[] = [...smallAlone, { payload: 'large', inFlight: 16 }];
const floors = ['floor', 'floor-early'];
/** Those that have a chance to be the best peer; the others are 5 to 100 times slower and race in the full matrix. */
const fastPeers = ['nest-tcp', 'nest-nats', 'moleculer-tcp', 'moleculer-nats'];
const everyone = [
  ...['raw-tcp', ...floors, tenon, 'tenon-http1', 'tenon-h2-tls', 'tenon-memory', ...fastPeers],
  ...['nats-raw', 'fastify', 'node-http', 'grpc-js', 'connect-h2'],
];

/** 4.8 was measured on a machine with nothing else to do. */
const canary: Cell['canary'] = { one: 'floor', other: 'moleculer-tcp', atLeast: 4 };

const small64: Cell = {
  ...callCell(
    'small@64',
    [{ payload: 'small', inFlight: 64 }],
    [...[tenon, ...floors, 'nest-tcp', 'moleculer-tcp', 'grpc-js', 'nats-raw']],
  ),
  canary,
};

/** Every cell that a bar names. */
const named: readonly Cell[] = [
  small64,
  callCell('small@1', [{ payload: 'small', inFlight: 1 }], [tenon, 'floor'], ['floor-early']),
  callCell('medium@64', [{ payload: 'medium', inFlight: 64 }], [tenon, 'floor', ...fastPeers, 'grpc-js']),
  callCell('large@16', [{ payload: 'large', inFlight: 16 }], [tenon, ...fastPeers, 'fastify'], ['floor']),
  {
    name: 'small beside large',
    bench: 'calls',
    about:
      '64 callers of small on one connection, alone and beside 16 callers of large; latency is that of the small calls',
    entrants: [
      { name: tenon, contestant: tenon, task: callTask(smallAlone) },
      { name: `${tenon} beside`, contestant: tenon, task: callTask(smallBesideLarge) },
      { name: 'floor', contestant: 'floor', task: callTask(smallAlone), onlyLong: true },
      { name: 'floor beside', contestant: 'floor', task: callTask(smallBesideLarge), onlyLong: true },
    ],
  },
  callCell('http-json@64', [{ payload: 'small', inFlight: 64 }], ['tenon-http1', 'node-http', 'fastify']),
  {
    name: 'server-stream',
    bench: 'streams',
    about: 'one server stream of 100,000 small messages',
    entrants: streamEntrants((_effort, warmupMs) => ({ kind: 'count', messages: 100_000, warmupMs, rounds: 1 })),
  },
  { ...pingPongCell('ping-pong@1', 1), onlyLong: true },
  pingPongCell('ping-pong@64', 64),
  {
    name: 'connections',
    bench: 'connections',
    about: '1,000 connections from one process, 50 at a time, with one call on each',
    entrants: entrants([tenon, 'raw-tcp', 'floor'], () => ({ kind: 'connections', connections: 1_000 })),
  },
  {
    name: 'streams-on-one',
    bench: 'connections',
    about: '1,000 streams that go both ways on one connection, with one message and its answer on each',
    entrants: [
      { name: tenon, contestant: `${tenon}-streams`, task: manyStreams },
      ...streamEntrants(manyStreams).slice(1),
    ],
  },
  localCell('local@1', 1),
  localCell('local@64', 64),
  grpcCell('grpc-small@64', { payload: 'small', inFlight: 64 }),
  grpcCell('grpc-medium@64', { payload: 'medium', inFlight: 64 }),
  {
    name: 'soak',
    bench: 'soak',
    once: true,
    about: 'mixed calls and streams for a long time: memory after collections, handles after closing',
    entrants: entrants([tenon], ({ soakMs }) => ({
      kind: 'soak',
      forMs: soakMs,
      sampleMs: Math.max(1_000, soakMs / 60),
    })),
  },
];

/** The full matrix, without the cells above that it would repeat under fewer contestants. */
const matrix: readonly Cell[] = (['small', 'medium', 'large'] as const).flatMap((payload) =>
  [1, 64, 256].map((inFlight) => ({
    ...callCell(
      `all ${payload}@${inFlight}`,
      [{ payload, inFlight }],
      payload === 'small' ? everyone : everyone.slice(1),
    ),
    onlyLong: true,
    ...(payload === 'small' && inFlight === 64 ? { canary } : {}),
  })),
);

export const cells: readonly Cell[] = [...named, ...matrix];

/**
 * The cells of a bench that run, each with the entrants that take part: those that were asked for by name, else all, what
 * no bar names only in a long run.
 */
export function chosenCells(bench: string, wanted: readonly string[], effort: Effort['name']): readonly Cell[] {
  const isDue = ({ onlyLong }: { readonly onlyLong?: boolean }): boolean => onlyLong !== true || effort === 'long';
  const isChosen = (cell: Cell): boolean => (wanted.length > 0 ? wanted.includes(cell.name) : isDue(cell));
  return cells
    .filter((cell) => cell.bench === bench && isChosen(cell))
    .map((cell) => ({ ...cell, entrants: cell.entrants.filter(isDue) }));
}

function manyStreams(_effort: Effort, warmupMs: number): Task {
  return { kind: 'streams-on-one', streams: 1_000, warmupMs };
}

function callTask(loads: readonly Load[]): Entrant['task'] {
  return ({ windowMs }, warmupMs) => ({ kind: 'calls', loads, warmupMs, windowMs });
}

function callCell(
  name: string,
  loads: readonly Load[],
  contestants: readonly string[],
  inLongRuns: readonly string[] = [],
): Cell {
  const about = loads.map(({ payload, inFlight }) => `${payload}, ${inFlight} in flight`).join(' and ');
  const task = callTask(loads);
  return {
    name,
    bench: 'calls',
    about,
    entrants: [...entrants(contestants, task), ...alsoLong(entrants(inLongRuns, task))],
  };
}

function pingPongCell(name: string, streams: number): Cell {
  return {
    name,
    bench: 'streams',
    about: `${streams} streams that go both ways on one connection, each answered before it says the next`,
    entrants: streamEntrants(({ windowMs }, warmupMs) => ({ kind: 'ping-pong', streams, warmupMs, windowMs })),
  };
}

function grpcCell(name: string, load: Load): Cell {
  return { ...callCell(name, [load], ['tenon-grpc', 'grpc-js']), bench: 'grpc' };
}

function localCell(name: string, inFlight: number): Cell {
  return {
    ...callCell(name, [{ payload: 'small', inFlight }], ['tenon-local', 'moleculer-local'], ['tenon-local-codec']),
    bench: 'local',
    about: `service and caller in one process, small, ${inFlight} in flight`,
  };
}

function entrants(contestants: readonly string[], task: Entrant['task']): readonly Entrant[] {
  return contestants.map((name) => ({ name, contestant: name, task }));
}

function alsoLong(entrants: readonly Entrant[]): readonly Entrant[] {
  return entrants.map((entrant) => ({ ...entrant, onlyLong: true }));
}

function streamEntrants(task: Entrant['task']): readonly Entrant[] {
  const [ours, grpc] = entrants([tenon, 'grpc-js'], task) as [Entrant, Entrant];
  return [ours, { name: 'floor', contestant: 'floor-streams', task }, grpc];
}
