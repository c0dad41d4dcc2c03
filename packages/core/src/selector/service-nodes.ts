import {
  type Candidate,
  type Logger,
  type OutcomeKind,
  type Registry,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { UnconfirmedNodes, type UnconfirmedParts } from './unconfirmed-nodes.js';

export interface ServiceNodesParts extends UnconfirmedParts {
  readonly registry: Registry;
  /** Takes each new set, in the order of ids, and gives the candidates that stand for it. */
  readonly know: (set: readonly Candidate[]) => readonly Candidate[];
}

/**
 * The known nodes of one service, kept up to date by a watch. The last good set stays while the registry is away, and
 * nodes that serve stay where it drops most of them at once.
 */
export class ServiceNodes {
  readonly #stop = new AbortController();
  readonly #service: string;
  readonly #logger: Logger;
  readonly #know: ServiceNodesParts['know'];
  readonly #unconfirmed: UnconfirmedNodes;
  /** What the newest set said; undefined before the first one came. */
  #listed: readonly Candidate[] | undefined;
  #candidates: readonly Candidate[] | undefined;
  /** Why there is no set yet. Means nothing once there is one. */
  #failure: ServiceError | undefined;
  /** No set comes any more. */
  #hasEnded = false;
  readonly #waiting = new Set<() => void>();
  #watchEnded: Promise<void>;

  constructor(service: string, parts: ServiceNodesParts) {
    this.#service = service;
    this.#logger = parts.logger;
    this.#know = parts.know;
    this.#unconfirmed = new UnconfirmedNodes(service, parts, () => this.#update());
    this.#watchEnded = this.#follow(parts.registry);
  }

  /** The newest set, with the nodes that it dropped in doubt; or undefined before the first one came. */
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
      if (this.#failure !== undefined) throw this.#cannotTell(this.#failure);
      await this.#change(signal);
    }
    return this.#candidates;
  }

  /**
   * Waits for the next set, however long the registry cannot be reached.
   *
   * Rejects with `Canceled` on abort, and with `Unavailable`, `executed: 'no'`, if no set can come any more.
   */
  async next(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#hasEnded) await this.#change(signal);
    if (this.#hasEnded && this.#failure !== undefined) throw this.#cannotTell(this.#failure);
  }

  /** Learns from an outcome whether a node that the registry dropped is there. */
  report(candidate: Candidate, kind: OutcomeKind, endedAt: number | undefined): void {
    this.#unconfirmed.report(candidate, kind, endedAt);
  }

  async close(): Promise<void> {
    this.#end(new ServiceError('FailedPrecondition', 'the selector is closed', { executed: 'no' }));
    this.#unconfirmed.close();
    this.#stop.abort();
    await this.#watchEnded;
  }

  async #follow(registry: Registry): Promise<void> {
    try {
      for await (const event of registry.watch(this.#service, { signal: this.#stop.signal })) {
        // One that was on its way when this was closed must not begin a doubt.
        if (this.#stop.signal.aborted) break;
        if (event.kind === 'set') {
          const listed = candidatesOf(event.records);
          this.#unconfirmed.compare(this.#listed ?? [], listed);
          this.#listed = listed;
          this.#update();
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
    this.#end(new ServiceError('Unavailable', 'the registry ended the watch', { executed: 'no' }));
  }

  #update(): void {
    const all = [...(this.#listed ?? []), ...this.#unconfirmed.candidates];
    // One candidate per node, in the order of their ids, so that every client sees the same order.
    this.#candidates = this.#know(all.sort((one, other) => (one.node.id < other.node.id ? -1 : 1)));
  }

  #end(why: ServiceError): void {
    this.#failure ??= why;
    this.#hasEnded = true;
    this.#wake();
  }

  #cannotTell(cause: ServiceError): ServiceError {
    const why = `the registry cannot tell the nodes of "${this.#service}": ${cause.rawMessage}`;
    return new ServiceError('Unavailable', why, { executed: 'no', service: this.#service, cause });
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

function candidatesOf(records: readonly ServiceRecord[]): readonly Candidate[] {
  return records.flatMap((record) => record.nodes.map((node) => ({ node, record })));
}
