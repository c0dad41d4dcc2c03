import type { Handlers, Tick } from '../workload/handlers.js';
import type { Records, Small } from '../workload/payloads.js';

/**
 * What a contestant's module exports: a server half and a client half, each run in a process of its own (in one process
 * where `inProcess` is set). Modules stand in `bench/contestants/NAME.ts`, and `bench/peers/NAME.mjs` where they need
 * what only the peers' project has installed.
 */
export interface Contestant {
  /** Starts the server and resolves once it answers. */
  readonly serve: (handlers: Handlers, surroundings: Surroundings) => Promise<Serving>;
  /** Connects to what `serve` gave as its address. */
  readonly connect: (address: string) => Promise<Connected>;
  /** Settles slowly: gets the long warm-up. */
  readonly startsSlowly?: boolean;
  /** Server and client are one process: the local call, the memory transport. */
  readonly inProcess?: boolean;
  /** Which limits it raises over the defaults; stands under each table. Absent: none. */
  readonly raises?: string;
  /** Needs a nats-server, whose address comes in the surroundings. */
  readonly needsNats?: boolean;
  /**
   * Checks requests: one in 1,000 is then sent invalid, and this says whether an error is the right refusal of it.
   * Contestants without it get valid requests only.
   */
  readonly refuses?: (error: unknown) => boolean;
}

export interface Surroundings {
  /** `nats://127.0.0.1:…`, for those who ask for it. */
  readonly nats?: string | undefined;
}

export interface Serving {
  /** Whatever `connect` needs, as text. */
  readonly address: string;
  /** How often each part of the framework ran. Every figure must equal the number of calls that reach it. */
  readonly counts?: () => Counts;
  readonly close: () => Promise<void>;
}

export interface Connected {
  readonly small?: (request: Small) => Promise<Small>;
  readonly records?: (request: Records) => Promise<Records>;
  readonly count?: (request: { readonly to: number }) => AsyncIterable<Tick>;
  /** Opens a stream that goes both ways. */
  readonly echo?: () => Conversation;
  /** Opens one more connection of the same client. Where it is absent, `connect` does that. */
  readonly another?: () => Promise<Pick<Connected, 'small' | 'close'>>;
  readonly counts?: () => Counts;
  readonly close: () => Promise<void>;
}

/** A stream that goes both ways, one message at a time. */
export interface Conversation {
  /** Sends a message and resolves with the answer to it. */
  readonly say: (message: Tick) => Promise<Tick>;
  /** Ends it and resolves when the server has ended it too. */
  readonly end: () => Promise<void>;
}

/**
 * How often parts of a framework ran. Names that start with `handled` count calls whose request was let through only, since
 * those parts come after the check.
 */
export type Counts = Readonly<Record<string, number>>;
