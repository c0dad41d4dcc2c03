import type { ServiceError } from './service-error.js';

/**
 * What may end a call early: the caller, or the call that it is made for.
 *
 * An `AbortSignal` says the same, but each listener on one costs more than a whole call over tenon/1, so a signal is
 * listened to once, where the caller hands it over, and never made unless someone asks for it.
 */
export interface Cancellation {
  /** Why, once it is cancelled. */
  readonly canceled: ServiceError | undefined;
  /** Tells `listener` once when it is cancelled. One that is cancelled already tells nobody: look at `canceled` first. */
  listen(listener: CancelListener): void;
  /** Stops telling it. Does nothing for one that does not listen. */
  unlisten(listener: CancelListener): void;
}

/** Who wants to know that a call was cancelled: usually the call under way itself. */
export interface CancelListener {
  /** @param reason - `Canceled`, or why the call being served has ended. Must not throw. */
  onCancel(reason: ServiceError): void;
}
