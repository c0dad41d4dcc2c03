import type { Message } from './message.js';

/** A message that was given up, and why. */
export interface DeadLetter {
  /** Its handle in the place where it is kept. */
  readonly id: string;
  /** As it was published; what was noted of its end is left out of its metadata. */
  readonly message: Message;
  /** Where it was published to. */
  readonly topic: string;
  /** The queue that could not handle it; undefined for a subscription without one. */
  readonly queue: string | undefined;
  readonly attempts: number;
  /** The code of the last error. */
  readonly code: string;
  readonly reason: string;
  /** When it was given up, in milliseconds since 1970. */
  readonly timeMs: number;
}

/** Which dead letters are meant. All fields are optional. */
export interface DeadLetterQuery {
  /** Those of one dead-letter topic. Default `dead-letters` and all topics below it. */
  readonly topic?: string | undefined;
  /** How many at most, 1 to 10,000, the oldest first. Default 100. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What was given up and is still kept. Rejects as the broker's other methods do. */
export interface DeadLetters {
  list(query?: DeadLetterQuery): Promise<readonly DeadLetter[]>;
  /**
   * Publishes a message again, for the queue that gave it up and for no other, and takes it out. Rejects with `NotFound` where
   * it is not there any more.
   */
  requeue(id: string): Promise<void>;
  /** Takes one out for good. Resolves with false where it is not there. */
  remove(id: string): Promise<boolean>;
}
