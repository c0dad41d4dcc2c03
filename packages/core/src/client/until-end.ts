import { type CancelListener, type Cancellation, type CancelTimer, type Clock, ServiceError } from '@tenon/contract';

/** What can end a call early. */
export interface CallEnd {
  readonly deadline: number;
  readonly cancellation?: Cancellation | undefined;
}

/**
 * Waits for something that knows nothing of the call, no longer than the call lasts.
 *
 * Rejects with `DeadlineExceeded` or the reason of the cancellation, `executed: 'no'`. What was waited for goes on by
 * itself.
 *
 * @param onGiveUp - told then, with what goes on, so that its late result can be given back.
 */
export function untilEnd<T>(
  work: Promise<T>,
  call: CallEnd,
  clock: Clock,
  onGiveUp: (late: Promise<T>) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const watch = new EndWatch(call, clock, (error) => {
      reject(error);
      onGiveUp(work);
    });
    work.then(
      (value) => {
        watch.stop();
        resolve(value);
      },
      (thrown) => {
        watch.stop();
        reject(thrown);
      },
    );
  });
}

/** What arrives within `patienceMs`, as {@link untilEnd} waits for it; undefined where it takes longer, and goes on. */
export function arrivedWithin<T>(
  patienceMs: number,
  work: Promise<T>,
  call: CallEnd,
  clock: Clock,
): Promise<T | undefined> {
  let cancelTimer = (): void => {};
  const patience = new Promise<undefined>((resolve) => {
    cancelTimer = clock.after(patienceMs, () => resolve(undefined));
  });
  return untilEnd(Promise.race([work, patience]), call, clock).finally(() => cancelTimer());
}

/** Waits between two attempts. Rejects as {@link untilEnd} does, also where the call was cancelled before. */
export function pause(waitMs: number, call: CallEnd, clock: Clock): Promise<void> {
  if (waitMs === 0 && call.cancellation?.canceled === undefined) return Promise.resolve();
  let cancelTimer = (): void => {};
  const waited = new Promise<void>((resolve) => {
    cancelTimer = clock.after(waitMs, resolve);
  });
  return untilEnd(waited, call, clock, () => cancelTimer());
}

/**
 * Tells once when a call is cancelled or its deadline passes; at once if it was cancelled before. Has a timer of its own:
 * it is for waits that are rare, such as dialling.
 */
export class EndWatch implements CancelListener {
  readonly #cancellation: Cancellation | undefined;
  readonly #tell: (error: ServiceError) => void;
  #cancelTimer: CancelTimer = () => {};

  constructor({ deadline, cancellation }: CallEnd, clock: Clock, tell: (error: ServiceError) => void) {
    this.#cancellation = cancellation;
    this.#tell = tell;
    const canceled = cancellation?.canceled;
    if (canceled !== undefined) {
      tell(canceled.with({ executed: 'no' }));
      return;
    }
    cancellation?.listen(this);
    this.#cancelTimer = clock.after(Math.max(0, deadline - clock.now()), () => {
      this.stop();
      tell(new ServiceError('DeadlineExceeded', 'the deadline of the call passed', { executed: 'no' }));
    });
  }

  onCancel(reason: ServiceError): void {
    this.stop();
    this.#tell(reason.with({ executed: 'no' }));
  }

  /** Leaves no timer and no listener behind. */
  stop(): void {
    this.#cancelTimer();
    this.#cancellation?.unlisten(this);
  }
}
