import type { Metadata } from './metadata.js';

/** A transport's ear at a server's port, made by `Transport.listen`. */
export interface Listener {
  /** Where other nodes dial this transport if it does not share the server's TCP port; empty where it does. */
  readonly address: string;
  /** Pairs for the metadata of every node that is served here, such as go-micro's `protocol`. Absent: none. */
  readonly metadata?: Metadata;
  /**
   * Refuses new calls with `Unavailable`, `executed: 'no'`, tells connected peers in band to go elsewhere, and resolves
   * when every call under way has been answered. Aborting the signal cancels what still runs and resolves soon after.
   */
  drain(signal: AbortSignal): Promise<void>;
  /** Ends everything at once: calls under way are cancelled and their callers see `Unavailable`. Twice is fine. */
  close(): Promise<void>;
}
