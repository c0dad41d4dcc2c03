import type { Clock, EndpointKind } from '@tenon/contract';
import { type Dialer, type Http2LinkOptions, Http2Links } from '@tenon/http';
import type { Body } from './body-encoder.js';
import type { ClientCall } from './client-call.js';
import type { RequestTemplate } from './client-dialect.js';
import type { FieldPairs } from './headers.js';
import type { CallCarrier } from './http-connection.js';
import { Http2Exchange, type Http2Request } from './http2-exchange.js';

/** How links are watched over, and what calls may bring. */
export interface Http2CarrierOptions extends Http2LinkOptions {
  readonly maxMessageBytes: number;
}

/** Carries calls over HTTP/2. */
export class Http2Carrier implements CallCarrier {
  readonly kinds: readonly EndpointKind[] = allKinds;
  readonly hasSigns = true;
  readonly #links: Http2Links;
  readonly #maxMessageBytes: number;
  readonly #exchanges = new Map<ClientCall, Http2Exchange>();

  constructor(authority: string, dialer: Dialer, options: Http2CarrierOptions, clock: Clock) {
    this.#links = new Http2Links({ authority, dialer, options, clock });
    this.#maxMessageBytes = options.maxMessageBytes;
  }

  send(call: ClientCall, template: RequestTemplate, fields: FieldPairs, body: Body | undefined): void {
    const request: Http2Request = { template, fields, body };
    const exchange = new Http2Exchange(call, request, this.#maxMessageBytes);
    this.#exchanges.set(call, exchange);
    this.#links.send(exchange);
  }

  forget(call: ClientCall): void {
    const exchange = this.#exchanges.get(call);
    if (exchange === undefined) return;
    this.#exchanges.delete(call);
    exchange.onCallOver();
  }

  probe(timeoutMs: number): Promise<boolean> {
    return this.#links.probe(timeoutMs);
  }

  destroy(): void {
    this.#links.destroy();
  }
}

const allKinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
