/** Whose an event is, and what became of it. */
export interface InboxMark {
  /** `held`: its holder handles it now, or died doing so. `handled`: it was. */
  readonly state: InboxState;
  /** Who wrote the mark: 1 to 64 letters, digits and hyphens, another one for each attempt to handle an event. */
  readonly holder: string;
}

export type InboxState = 'held' | 'handled';

/** What a store knows of a key. */
export interface InboxEntry extends InboxMark {
  /** Another one after every write of the key, and never again one that it had. */
  readonly revision: number;
}

/**
 * Remembers which events were handled, so that one that comes again has no second effect. Bound beside `inbox()`, which asks it.
 *
 * It compares and sets, nothing more: who holds what, for how long, and what an answer that never came means is decided above, once for
 * every store. Of several writers at one revision one wins, wherever they run, and a read sees the newest write that was answered.
 * Keys have one character or more of any kind. A store may forget a key some time after its last write: how long is its own
 * option, and its documentation's.
 *
 * Methods reject with `Unavailable` where the back end does not answer; whether a write took effect is then unknown. They work again by
 * themselves when it is back. After `close`, every method rejects with `FailedPrecondition`.
 */
export abstract class InboxStore {
  /** The entry of a key; undefined where there is none. */
  abstract read(key: string): Promise<InboxEntry | undefined>;

  /**
   * Writes a key where it still is at `revision`, or where there is none and `revision` is undefined. Resolves with the new revision, or
   * with undefined where it was not so.
   */
  abstract write(key: string, mark: InboxMark, revision: number | undefined): Promise<number | undefined>;

  /** Takes a key out where it still is at `revision`; resolves with false where it is not. */
  abstract remove(key: string, revision: number): Promise<boolean>;

  /** Disconnects. Twice is fine. */
  abstract close(): Promise<void>;
}
