import type { LoadResult } from '@tenon/testing/open-loop-load';
import type { Lab } from '../lab/lab.js';

/** A framework with its own defaults, for faults that every framework meets. */
export interface Peer {
  /** `grpc-js`, with what was set beside its defaults. */
  readonly name: string;
  /** Three nodes, and a caller that knows them. All of it ends with the lab. */
  start(lab: Lab): Promise<PeerFleet>;
}

/** What faults do to a peer's nodes, by their place 0 to 2. */
export interface PeerFleet {
  /** Each answer of that node comes so much later. */
  slow(node: number, delayMs: number): Promise<void>;
  /** SIGTERM, its end awaited, and the same node started again. */
  restart(node: number): Promise<void>;
  /** SIGKILL. */
  kill(node: number): Promise<void>;
  load(rate: number, durationMs: number): Promise<LoadResult>;
}
