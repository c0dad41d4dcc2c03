import type { Clock, EndpointKind } from '@tenon/contract';
import { joinHostAndPort } from '@tenon/contract/authoring';
import type { Dialer, HttpAddress } from '@tenon/http';
import type { Body } from './body-encoder.js';
import type { ClientCall } from './client-call.js';
import type { RequestTemplate } from './client-dialect.js';
import type { FieldPairs } from './headers.js';
import type { CallCarrier } from './http-connection.js';
import { Http1Probe } from './http1-probe.js';
import { SocketPool, type SocketPoolOptions } from './socket-pool.js';

/** Carries calls over HTTP/1.1, each on a socket of its own for its time. */
export class Http1Carrier implements CallCarrier {
  readonly kinds: readonly EndpointKind[];
  readonly hasSigns = false;
  readonly #host: string;
  readonly #pool: SocketPool;
  readonly #probe: Http1Probe;
  readonly #clock: Clock;
  readonly #heads = new WeakMap<RequestTemplate, string>();

  constructor(
    { host, port }: HttpAddress,
    kinds: readonly EndpointKind[],
    dialer: Dialer,
    options: SocketPoolOptions,
    clock: Clock,
  ) {
    this.kinds = kinds;
    this.#host = joinHostAndPort(host, port);
    this.#clock = clock;
    this.#pool = new SocketPool(dialer, options, clock);
    this.#probe = new Http1Probe(dialer, this.#host, clock);
  }

  /** Here a call has one request, so there is a body. */
  send(call: ClientCall, template: RequestTemplate, fields: FieldPairs, body: Body = ''): void {
    let head = this.#headOf(template);
    for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`;
    this.#pool.send(call, `${head}Content-Length: ${body.length}\r\n\r\n`, body, this.#clock.now());
  }

  forget(call: ClientCall): void {
    this.#pool.forget(call);
  }

  async probe(timeoutMs: number, busy: boolean): Promise<boolean> {
    const isAlive = await this.#probe.ask(timeoutMs, busy);
    // Sockets at rest lead to where the question was lost: each would cost a call that finds it out.
    if (!isAlive) this.#pool.dropIdle();
    return isAlive;
  }

  destroy(): void {
    this.#probe.destroy();
    this.#pool.destroy();
  }

  #headOf(template: RequestTemplate): string {
    let head = this.#heads.get(template);
    if (head === undefined) {
      const { path, fields } = template;
      head = `POST ${path} HTTP/1.1\r\nHost: ${this.#host}\r\n`;
      for (let index = 0; index < fields.length; index += 2) head += `${fields[index]}: ${fields[index + 1]}\r\n`;
      this.#heads.set(template, head);
    }
    return head;
  }
}
