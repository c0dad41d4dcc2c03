import type { Writable } from 'node:stream';
import type { Peer } from '@tenon/contract';

/** The connection of a stream, as its call uses it. */
export interface StreamWire {
  readonly peer: Peer;
  readonly output: Writable;
  /** Stops reading from the caller, until `resume`. */
  pause(): void;
  resume(): void;
  /** Everything is written: the connection ends behind it, and what the caller still sends is dropped. */
  end(): void;
}
