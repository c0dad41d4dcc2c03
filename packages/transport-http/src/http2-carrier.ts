import type { Clock, EndpointKind } from '@tenon/contract';
import type { Body } from './body-encoder.js';
import type { ClientCall } from './client-call.js';
import type { RequestTemplate } from './client-dialect.js';
import type { Dialer } from './dialer.js';
import type { FieldPairs } from './headers.js';
import type { CallCarrier } from './http-connection.js';
import { Http2Exchange, type Http2Request } from './http2-exchange.js';
import { Http2Link, type Http2LinkOptions } from './http2-link.js';

/** Carries calls over HTTP/2: all of them on one session, and on another one once that takes no more. */
export class Http2Carrier implements CallCarrier {
  readonly kinds: readonly EndpointKind[] = allKinds;
  readonly hasSigns = true;
  readonly #authority: string;
  readonly #dialer: Dialer;
  readonly #options: Http2LinkOptions;
  readonly #clock: Clock;
  readonly #exchanges = new Map<ClientCall, Http2Exchange>();
  /** The one that takes new calls is the last; those before it still have calls under way. */
  readonly #links = new Set<Http2Link>();
  #link: Http2Link | undefined = undefined;

  constructor(authority: string, dialer: Dialer, options: Http2LinkOptions, clock: Clock) {
    this.#authority = authority;
    this.#dialer = dialer;
    this.#options = options;
    this.#clock = clock;
  }

  send(call: ClientCall, template: RequestTemplate, fields: FieldPairs, body: Body | undefined): void {
    const request: Http2Request = { template, fields, body };
    const exchange = new Http2Exchange(call, request, this.#options.maxMessageBytes);
    this.#exchanges.set(call, exchange);
    this.#openLink().send(exchange);
  }

  forget(call: ClientCall): void {
    const exchange = this.#exchanges.get(call);
    if (exchange === undefined) return;
    this.#exchanges.delete(call);
    exchange.onCallOver();
  }

  /** Where the newest link does not stand, one on which calls are still under way is asked rather than a new one. */
  probe(timeoutMs: number): Promise<boolean> {
    const last = [...this.#links].at(-1);
    return (this.#link?.open === true ? this.#link : (last ?? this.#openLink())).probe(timeoutMs);
  }

  destroy(): void {
    for (const link of [...this.#links]) link.destroy();
  }

  #openLink(): Http2Link {
    if (this.#link?.open) return this.#link;
    const link = new Http2Link(this.#authority, this.#dialer, this.#options, this.#clock, () => {
      this.#links.delete(link);
    });
    this.#link = link;
    this.#links.add(link);
    return link;
  }
}

const allKinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
