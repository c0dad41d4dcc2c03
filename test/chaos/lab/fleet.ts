import type { Serializable } from 'node:child_process';
import type { FaultProxy } from '@tenon/testing/fault-proxy';
import type { NodeProcess, ProcessEnd } from '@tenon/testing/node-process';
import type { ClientOptions, LogLevel, ServerOptions } from 'tenon';
import type { Holdings } from '../nodes/holdings.js';
import type { SingleCall } from '../nodes/loads.js';
import type { FollowFindings, FollowOrder } from '../nodes/long-streams.js';
import type {
  CallerReport,
  CallFindings,
  CallOrder,
  LoadFindings,
  LoadOrder,
  LoopFindings,
  LoopOrder,
  Meeting,
  MeetingRegistry,
  SeenSet,
} from '../nodes/orders.js';
import type { SeenSeries } from '../nodes/seen-meter.js';
import type { OfferFindings, OfferOrder, ReadFindings, ReadOrder } from '../nodes/stream-loads.js';
import type { FeltCancel, TargetReport, TargetSettings } from '../nodes/target-state.js';
import type { TransportTuning } from './wire.js';

export interface NodeOptions {
  readonly server?: ServerOptions;
  readonly drainTimeoutMs?: number;
  /** Default `error`. */
  readonly logLevel?: LogLevel;
  /** As of {@link CallerOptions}. */
  readonly etcd?: string;
  readonly registry?: MeetingRegistry;
  /** Puts a proxy before the node, whose address is what the registry gets. Not on the memory wire. Default false. */
  readonly proxied?: boolean;
  /** Given to Node.js, and a command that starts it: see `NodeProcess`. Not on the memory wire. */
  readonly flags?: readonly string[];
  readonly wrapper?: readonly string[];
}

export interface CallerOptions {
  readonly client?: ClientOptions;
  /** Of its end of the wire. The memory wire has none. */
  readonly transport?: TransportTuning;
  /** What chooses among the nodes that are left: `round robin` by itself avoids none. Default: what users get. */
  readonly strategy?: NonNullable<CallOrder['strategy']>;
  /** `host:port` of its way to the etcd of the fleet: of a proxy before it. Default: as the others. */
  readonly etcd?: string;
  /** The same where the fleet meets in a `LabRegistry`. */
  readonly registry?: MeetingRegistry;
  /** Watches the target a second time beside the client, for {@link Caller.sets}. Default false. */
  readonly watches?: boolean;
  readonly logLevel?: LogLevel;
  readonly flags?: readonly string[];
  readonly wrapper?: readonly string[];
}

/** One node that serves `Target`. What a wire does not have throws {@link CannotHave}. */
export interface FleetNode {
  /** `node-1`, as answers and reports name it. */
  readonly name: string;
  /** What callers dial. */
  readonly address: string;
  /** What stands before it, if asked for. */
  readonly proxy: FaultProxy;
  /** The process, for what the other methods do not do. */
  readonly process: NodeProcess;
  report(): Promise<TargetReport>;
  /** Calls that were cancelled while their handler waited. */
  cancels(): Promise<readonly FeltCancel[]>;
  /** Breaks every connection to it at once, and lets new ones through. Over sockets only where it is `proxied`. */
  breakConnections(): Promise<void>;
  /** What it has measured: the series of one instrument, by its name. */
  series(instrument: string): Promise<readonly SeenSeries[]>;
  /** How many series each of its instruments has. */
  seriesCounts(): Promise<Readonly<Record<string, number>>>;
  /** What it holds in memory now, garbage left out. It must be started with the flag `--expose-gc`. */
  heldNow(): Promise<number>;
  /** Watches what it holds in memory, garbage left out, with the same flag. */
  watchHeld(): Promise<void>;
  /** The most that it has held since then, beyond what it held at that time, in bytes. */
  mostHeld(): Promise<number>;
  /** What it holds of the system. With the flag `--expose-gc` for its memory. */
  holdings(): Promise<Holdings>;
  /** Behaves so from now on. */
  settings(settings: TargetSettings): Promise<void>;
  /** Blocks its event loop; resolves when that is over. */
  block(ms: number): Promise<void>;
  /** SIGTERM, and how it ended. Rejects where it has not within the time, by default 40 s. */
  terminate(withinMs?: number): Promise<ProcessEnd>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /**
   * Callers and it do not reach each other any more, in one of the ways of {@link Cut}; it must be proxied. Over the memory wire,
   * which has no sockets, each way is a link that is cut, and the registry's is cut too.
   */
  cut(how: Cut): Promise<void>;
  /** Undoes `cut`. */
  heal(): Promise<void>;
}

/**
 * - `black hole`: connections are accepted and lead nowhere, nothing of the living ones passes.
 * - `dropped`: the same for the living ones, and nobody answers who connects.
 * - `half-open`: nothing passes, no byte and no end, over connections old and new.
 * - `refused`: connections are reset, new ones refused.
 */
export type Cut = 'black hole' | 'dropped' | 'half-open' | 'refused';

/** A process that calls `Target`. */
export interface Caller {
  /** The process. */
  readonly process: NodeProcess;
  /** Makes a load and resolves when its last call has ended. */
  load(order: LoadOrder): Promise<LoadFindings>;
  /** How far a load is that runs. */
  progress(
    name: string,
  ): Promise<{ readonly sent: number; readonly inFlight: number; readonly failed: number } | undefined>;
  /** Ends a load before its time. */
  stop(name: string): Promise<void>;
  /** What its second watch was told so far, in order. */
  sets(): Promise<readonly SeenSet[]>;
  /** One call, and what it came to. */
  call(call: SingleCall): Promise<CallFindings>;
  /** Makes a closed loop. */
  loop(order: LoopOrder): Promise<LoopFindings>;
  /** Reads server streams, and resolves when they have ended. */
  read(order: ReadOrder): Promise<ReadFindings>;
  /** Ends them before their time. */
  stopReading(name: string): Promise<void>;
  /** Reads server streams to their end, and resolves when all have ended. */
  follow(order: FollowOrder): Promise<FollowFindings>;
  /** How many of those have brought a piece and not ended. */
  followed(): Promise<number>;
  /** Makes a client stream, and resolves with what became of it. */
  offer(order: OfferOrder): Promise<OfferFindings>;
  /** Any other question that the script of callers answers; over memory `echo` alone. */
  ask<T>(what: string, value: Serializable, withinMs: number): Promise<T>;
  report(): Promise<CallerReport>;
  /** Ends gently. */
  close(): Promise<void>;
}

/** Nodes and callers that find each other. */
export interface Fleet {
  /** Where its processes meet, for processes of another kind that shall find them. */
  readonly meeting: Meeting;
  /** Those that run, in the order of their start. */
  readonly nodes: readonly FleetNode[];
  /** Starts one more node, and resolves when it is registered. */
  start(options?: NodeOptions): Promise<FleetNode>;
  caller(options?: CallerOptions): Promise<Caller>;
  /** Takes the registry away from everybody. Only over memory: that of processes is a server, which `lab.server` has. */
  loseRegistry(): void;
  /** How often each call was executed, on all nodes together, also those that were killed. */
  executions(): ReadonlyMap<string, number>;
  dispose(): Promise<void>;
}

/** What a row wants is not to be had on a wire: it fails there with this reason, unless it says itself that it does not apply. */
export class CannotHave extends Error {
  override readonly name = 'CannotHave';
}
