import { type CancelListener, type Cancellation, ServiceError } from '@tenon/contract';

/** A caller's signal as a cancellation. It is listened to only while somebody listens here, so it keeps nothing alive. */
export class SignalCancellation implements Cancellation {
  readonly #signal: AbortSignal;
  readonly #listeners = new Set<CancelListener>();
  #canceled: ServiceError | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get canceled(): ServiceError | undefined {
    if (this.#signal.aborted) {
      const cause: unknown = this.#signal.reason;
      this.#canceled ??= new ServiceError('Canceled', 'the caller cancelled the call', { executed: 'no', cause });
    }
    return this.#canceled;
  }

  listen(listener: CancelListener): void {
    if (this.#listeners.size === 0) this.#signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0)
      this.#signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    const { canceled } = this;
    if (canceled !== undefined) tellAll(this.#listeners, canceled);
  };
}

/** Cancelled by whoever made it. */
export class OwnCancellation implements Cancellation {
  readonly #listeners = new Set<CancelListener>();
  #canceled: ServiceError | undefined;

  get canceled(): ServiceError | undefined {
    return this.#canceled;
  }

  listen(listener: CancelListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    this.#listeners.delete(listener);
  }

  /** The first reason stays. */
  cancel(reason: ServiceError): void {
    if (this.#canceled !== undefined) return;
    this.#canceled = reason;
    tellAll(this.#listeners, reason);
  }
}

/** Two cancellations as one: cancelled with the first of them, for its reason. */
export class EitherCancellation implements Cancellation, CancelListener {
  readonly #one: Cancellation;
  readonly #other: Cancellation;
  readonly #listeners = new Set<CancelListener>();

  constructor(one: Cancellation, other: Cancellation) {
    this.#one = one;
    this.#other = other;
  }

  get canceled(): ServiceError | undefined {
    return this.#one.canceled ?? this.#other.canceled;
  }

  listen(listener: CancelListener): void {
    if (this.#listeners.size === 0) {
      this.#one.listen(this);
      this.#other.listen(this);
    }
    this.#listeners.add(listener);
  }

  unlisten(listener: CancelListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.#unlistenBoth();
  }

  onCancel(reason: ServiceError): void {
    this.#unlistenBoth();
    tellAll(this.#listeners, reason);
  }

  #unlistenBoth(): void {
    this.#one.unlisten(this);
    this.#other.unlisten(this);
  }
}

/** Each is told once, also where telling one makes another stop listening. */
function tellAll(listeners: Set<CancelListener>, reason: ServiceError): void {
  for (const listener of [...listeners]) if (listeners.delete(listener)) listener.onCancel(reason);
}
