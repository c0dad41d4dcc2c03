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
  #handler: CallHandler | undefined;

  /** The server's part: from here on these services are called in this process. */
  serve(handler: CallHandler, records: readonly ServiceRecord[]): void {
    this.#handler = handler;
    for (const record of records) {
      const candidates = record.nodes.map((node) => ({ node, record }));
      this.#candidates.set(record.name, [...(this.#candidates.get(record.name) ?? []), ...candidates]);
    }
  }

  /** The server is leaving: further calls go to other nodes. */
  stop(): void {
    this.#handler = undefined;
    this.#candidates.clear();
  }

  /** Who answers here; undefined while nobody does. */
  get handler(): CallHandler | undefined {
    return this.#handler;
  }

  /** This app's node of a service, the version that was added last, where it serves one that the filters leave. */
  candidate(service: string, filters: readonly Filter[] | undefined): Candidate | undefined {
    // Most calls of an app go elsewhere.
    if (this.#candidates.size === 0) return undefined;
    let left = this.#candidates.get(service);
    if (left === undefined) return undefined;
    if (filters !== undefined) for (const filter of filters) left = filter(left);
    return left.at(-1);
  }
}

/** The services of one app, shared by its client and its server. */
export function localServices(): Provider<LocalServices> {
  return provide(LocalServices, [], () => new LocalServices());
}
