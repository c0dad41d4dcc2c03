import type { Metadata } from './metadata.js';

/** One event on its way: its bytes and what belongs to them. */
export interface Message {
  /** Unique, a UUID by default; the same over redeliveries. */
  readonly id: string;
  /** When it was published, in milliseconds since 1970, by the publisher's wall clock. */
  readonly timeMs: number;
  /** The media type of `body`. */
  readonly contentType: string;
  readonly body: Uint8Array;
  /** What the publisher added. Checked already (`checkedMetadata`). */
  readonly metadata: Metadata;
  /** W3C Trace Context `traceparent` of the publisher, if it had one. */
  readonly traceparent?: string | undefined;
}

/** A message handed to a subscriber. */
export interface Delivery {
  /** The topic that it was published to; where a pattern was subscribed to, one that it matches. */
  readonly topic: string;
  readonly message: Message;
  /** 1 for the first time, counting up with each redelivery. */
  readonly attempt: number;
  /** Its place in the store that it comes from, counting up; undefined where there is none. */
  readonly sequence?: number | undefined;
}
