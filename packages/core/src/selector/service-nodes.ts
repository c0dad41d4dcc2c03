import {
  type Candidate,
  type Logger,
  type Picker,
  type Registry,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';

/**
 * The known nodes of one service, kept up to date by a watch. The last good set stays while the registry is away.
 */
export class ServiceNodes {
  readonly picker: Picker;
  readonly #stop = new AbortController();
  readonly #service: string;
  readonly #logger: Logger;
  #candidates: readonly Candidate[] | undefined;
  /** Why there is no set yet. Means nothing once there is one. */
  #failure: ServiceError | undefined;
  readonly #waiting = new Set<() => void>();
  #watchEnded: Promise<void>;

  constructor(service: string, registry: Registry, picker: Picker, logger: Logger) {
    this.#service = service;
    this.#logger = logger;
    this.picker = picker;
    this.#watchEnded = this.#follow(registry);
  }

  /** The newest set, or undefined before the first one came. */
  get candidates(): readonly Candidate[] | undefined {
    return this.#candidates;
  }

  /** Whether nobody would miss it: no node is known, and nobody waits for one. */
  get idle(): boolean {
    return (this.#candidates === undefined || this.#candidates.length === 0) && this.#waiting.size === 0;
  }

  /**
   * Waits for the first set.
   *
   * Rejects with `Unavailable`, `executed: 'no'`, if the registry says that it cannot tell, and with `Canceled` on abort.
   */
  async first(signal: AbortSignal | undefined): Promise<readonly Candidate[]> {
    while (this.#candidates === undefined) {
      if (this.#failure !== undefined) {
        const failure = this.#failure;
        throw new ServiceError(
          'Unavailable',
          `the registry cannot tell the nodes of "${this.#service}": ${failure.rawMessage}`,
          {
            executed: 'no',
            service: this.#service,
            cause: failure,
          },
        );
      }
      await this.#change(signal);
    }
    return this.#candidates;
  }

  async close(): Promise<void> {
    this.#failure ??= new ServiceError('FailedPrecondition', 'the selector is closed', { executed: 'no' });
    this.#stop.abort();
    this.#wake();
    await this.#watchEnded;
  }

  async #follow(registry: Registry): Promise<void> {
    try {
      for await (const event of registry.watch(this.#service, { signal: this.#stop.signal })) {
        if (event.kind === 'set') {
          this.#candidates = candidatesOf(event.records);
        } else {
          this.#failure = event.error;
          this.#logger.warn('the registry lost sight of a service; its last known nodes stay in use', {
            service: this.#service,
            nodes: this.#candidates?.length ?? 0,
            error: event.error,
          });
        }
        this.#wake();
      }
    } catch (thrown) {
      this.#failure = ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
      if (!this.#stop.signal.aborted)
        this.#logger.error('a registry watch failed', { service: this.#service, error: thrown });
    }
    // A watch that ended by itself (the registry was closed) must not leave callers waiting.
    this.#failure ??= new ServiceError('Unavailable', 'the registry ended the watch', { executed: 'no' });
    this.#wake();
  }

  #change(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = (): void => {
        this.#waiting.delete(wake);
        const why = `nobody waits any more for the nodes of "${this.#service}"`;
        reject(new ServiceError('Canceled', why, { executed: 'no', service: this.#service, cause: signal?.reason }));
      };
      if (signal?.aborted === true) return aborted();
      signal?.addEventListener('abort', aborted, { once: true });
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** One candidate per node, in the order of their ids, so that every client sees the same order. */
function candidatesOf(records: readonly ServiceRecord[]): readonly Candidate[] {
  return records
    .flatMap((record) => record.nodes.map((node) => ({ node, record })))
    .sort((one, other) => (one.node.id < other.node.id ? -1 : 1));
}
