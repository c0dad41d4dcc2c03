import type { PayloadName } from '../workload/payloads.js';
import type { Usage } from './usage.js';

/** So many callers, each of which sends the same request again as soon as it has the answer. */
export interface Load {
  readonly payload: PayloadName;
  readonly inFlight: number;
  /** Calls a second that are sent when their time has come, instead: at most `inFlight` are under way, what is more than that waits. */
  readonly rate?: number | undefined;
}

/** What a client process is to do. */
export type Task =
  | { readonly kind: 'calls'; readonly loads: readonly Load[]; readonly warmupMs: number; readonly windowMs: number }
  | { readonly kind: 'count'; readonly messages: number; readonly warmupMs: number; readonly rounds: number }
  | { readonly kind: 'ping-pong'; readonly streams: number; readonly warmupMs: number; readonly windowMs: number }
  | { readonly kind: 'connections'; readonly connections: number }
  | { readonly kind: 'streams-on-one'; readonly streams: number; readonly warmupMs: number }
  | { readonly kind: 'soak'; readonly forMs: number; readonly sampleMs: number };

/** Given to a server process as its one argument, in JSON. */
export interface ServeOrder {
  readonly module: string;
  readonly nats?: string | undefined;
}

/** Given to a client process as its one argument, in JSON. */
export interface DriveOrder {
  readonly module: string;
  /** Where the server is; absent where the contestant serves in the same process. */
  readonly address?: string | undefined;
  readonly task: Task;
}

/** What parent and children say to each other over the IPC channel. */
export type Message =
  /** Parent to server, and its answer; `collected` has it clear away first what nothing holds. */
  | { readonly say: 'usage?'; readonly collected: boolean }
  | { readonly say: 'usage'; readonly usage: Usage }
  /** Client to parent: nothing of mine is under way now, look at the server; and the parent's answer. */
  | { readonly say: 'look'; readonly collected: boolean }
  | { readonly say: 'looked'; readonly server: Usage | undefined; readonly brokerCpuMicros: number | undefined };
