import {
  type CallHandler,
  type Candidate,
  type Filter,
  type Provider,
  provide,
  type ServiceRecord,
} from '@tenon/contract';

/** What an app's client calls without a wire: the services that the same app serves. Its server fills it. */
export class LocalServices {
  readonly #candidates = new Map<string, readonly Candidate[]>();
  /** The service that was asked for last, which most calls ask for again, and who serves it here. */
  #lastService: string | undefined;
  #lastCandidates: readonly Candidate[] | undefined;
  #handler: CallHandler | undefined;

  /** The server's part: from here on these services are called in this process. */
  serve(handler: CallHandler, records: readonly ServiceRecord[]): void {
    this.#handler = handler;
    this.#lastService = undefined;
    for (const record of records) {
      const candidates = record.nodes.map((node) => ({ node, record }));
      this.#candidates.set(record.name, [...(this.#candidates.get(record.name) ?? []), ...candidates]);
    }
  }

  /** The server is leaving: further calls go to other nodes. */
  stop(): void {
    this.#handler = undefined;
    this.#candidates.clear();
    this.#lastService = undefined;
  }

  /** Who answers here; undefined while nobody does. */
  get handler(): CallHandler | undefined {
    return this.#handler;
  }

  /** This app's node of a service, the version that was added last, where it serves one that the filters leave. */
  candidate(service: string, filters: readonly Filter[] | undefined): Candidate | undefined {
    // Most calls of an app go elsewhere.
    if (this.#candidates.size === 0) return undefined;
    let left = this.#found(service);
    if (left === undefined) return undefined;
    if (filters !== undefined) for (const filter of filters) left = filter(left);
    return left.at(-1);
  }

  #found(service: string): readonly Candidate[] | undefined {
    if (service !== this.#lastService) {
      this.#lastService = service;
      this.#lastCandidates = this.#candidates.get(service);
    }
    return this.#lastCandidates;
  }
}

/** The services of one app, shared by its client and its server. */
export function localServices(): Provider<LocalServices> {
  return provide(LocalServices, [], () => new LocalServices());
}
