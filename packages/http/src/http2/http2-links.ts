import { Http2Link, type Http2LinkParts, type LinkedExchange } from './http2-link.js';

/** The way to one peer over HTTP/2: all calls on one session, and on another one once that takes no more. */
export class Http2Links {
  readonly #parts: Omit<Http2LinkParts, 'onClosed'>;
  /** The one that takes new calls is the last; those before it still have calls under way. */
  readonly #links = new Set<Http2Link>();
  #link: Http2Link | undefined = undefined;

  constructor(parts: Omit<Http2LinkParts, 'onClosed'>) {
    this.#parts = parts;
  }

  /** Sends a call, at once or as soon as there is room for it. */
  send(exchange: LinkedExchange): void {
    this.#openLink().send(exchange);
  }

  /**
   * Asks the peer for a sign of life; see `Connection.probe`. Where the newest link does not stand, one on which calls are still
   * under way is asked rather than a new one.
   */
  probe(timeoutMs: number): Promise<boolean> {
    const last = [...this.#links].at(-1);
    return (this.#link?.open === true ? this.#link : (last ?? this.#openLink())).probe(timeoutMs);
  }

  /** Ends all of it at once. No call is under way any more. */
  destroy(): void {
    for (const link of [...this.#links]) link.destroy();
  }

  #openLink(): Http2Link {
    if (this.#link?.open) return this.#link;
    const link = new Http2Link({ ...this.#parts, onClosed: () => this.#links.delete(link) });
    this.#link = link;
    this.#links.add(link);
    return link;
  }
}
