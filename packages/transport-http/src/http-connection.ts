import {
  type Call,
  type Connection,
  type EndpointDescriptor,
  type EndpointKind,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { UnderWay } from '@tenon/contract/authoring';
import { namedError, notOpen, refusalOf } from '@tenon/http';
import type { Body } from './body-encoder.js';
import { ClientCall, type ClientCallSurroundings } from './client-call.js';
import type { RequestTemplate } from './client-dialect.js';
import type { FieldPairs } from './headers.js';
import { SilenceWatch } from './silence-watch.js';

/** What carries the calls of a connection: sockets of HTTP/1.1, or a session of HTTP/2. */
export interface CallCarrier {
  /** The kinds of endpoint that it can carry. */
  readonly kinds: readonly EndpointKind[];
  /** Whether it notices by itself that its peer has vanished. */
  readonly hasSigns: boolean;
  /**
   * Sends a call, at once or as soon as it can.
   *
   * @param fields - beside those of the template.
   * @param body - undefined where the call streams its requests.
   */
  send(call: ClientCall, template: RequestTemplate, fields: FieldPairs, body: Body | undefined): void;
  /** A call is over, sent or not. */
  forget(call: ClientCall): void;
  /**
   * Asks the peer for a sign of life; see `Connection.probe`.
   *
   * @param busy - whether calls were sent that have not ended.
   */
  probe(timeoutMs: number, busy: boolean): Promise<boolean>;
  /** Frees everything. No call is under way any more. */
  destroy(): void;
}

/** How a connection watches over its peer. */
export interface HttpConnectionOptions {
  readonly pingMs: number;
  readonly pingTimeoutMs: number;
}

/** The way to one node. */
export class HttpConnection implements Connection {
  readonly #carrier: CallCarrier;
  readonly #surroundings: ClientCallSurroundings;
  readonly #onClosed: () => void;
  readonly #templates = new WeakMap<EndpointDescriptor, RequestTemplate>();
  readonly #underWay = new UnderWay<ClientCall>();
  readonly #watch: SilenceWatch<ClientCall> | undefined;
  #state: 'open' | 'draining' | 'closed' = 'open';

  /** @param onClosed - called once, when it is closed. */
  constructor(
    carrier: CallCarrier,
    options: HttpConnectionOptions,
    surroundings: Omit<ClientCallSurroundings, 'onOver'>,
    onClosed: () => void,
  ) {
    this.#carrier = carrier;
    this.#onClosed = onClosed;
    this.#surroundings = { ...surroundings, onOver: (call) => this.#over(call) };
    if (!carrier.hasSigns) {
      const { clock } = surroundings;
      const probe = (timeoutMs: number): Promise<boolean> => this.probe(timeoutMs);
      this.#watch = new SilenceWatch({ ...options, clock, underWay: this.#underWay, probe });
    }
  }

  unary(call: Call): Promise<Reply> {
    return this.#start(call);
  }

  stream(call: Call): Promise<Reply> {
    return this.#start(call);
  }

  async probe(timeoutMs: number): Promise<boolean> {
    if (this.#state === 'closed') return false;
    const busy = this.#underWay.all().some(({ sent }) => sent);
    return this.#carrier.probe(timeoutMs, busy);
  }

  async drain(): Promise<void> {
    if (this.#state === 'open') this.#state = 'draining';
    await this.#underWay.emptied();
    await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    for (const call of this.#underWay.all()) call.end();
    this.#watch?.stop();
    this.#carrier.destroy();
    this.#onClosed();
  }

  #start(call: Call): Promise<Reply> {
    try {
      return this.#send(call).reply;
    } catch (thrown) {
      return Promise.reject(namedError(ServiceError.from(thrown), call, this.#surroundings.node));
    }
  }

  #send(call: Call): ClientCall {
    const { clock, dialect, bodies } = this.#surroundings;
    if (this.#state !== 'open') throw notOpen(this.#state);
    const leftMs = call.deadline === Number.POSITIVE_INFINITY ? call.deadline : call.deadline - clock.now();
    const { kinds } = this.#carrier;
    if (!kinds.includes(call.endpoint.kind)) throw unfit(call, kinds);
    const refused = refusalOf(call, leftMs);
    if (refused !== undefined) throw refused;
    const template = this.#template(call);
    const fields: FieldPairs = [];
    dialect.addFields(fields, call, leftMs);
    const { messages, value, endpoint } = call;
    let body = messages === undefined ? bodies.encode(template.codec, value, endpoint.request) : undefined;
    if (body !== undefined && dialect.wrapped !== undefined) body = dialect.wrapped(body, call, template, fields);
    const started = new ClientCall(call, this.#surroundings);
    this.#underWay.add(started);
    this.#watch?.begin();
    this.#carrier.send(started, template, fields, body);
    return started;
  }

  #template(call: Call): RequestTemplate {
    const { dialect, node } = this.#surroundings;
    const contentType = dialect.contentTypeOf(call);
    const known = this.#templates.get(call.endpoint);
    if (known?.contentType === contentType) return known;
    const template = dialect.template(call.endpoint, contentType, node);
    this.#templates.set(call.endpoint, template);
    return template;
  }

  #over(call: ClientCall): void {
    this.#carrier.forget(call);
    this.#underWay.remove(call);
  }
}

/** Why a carrier of some kinds cannot carry a call. */
function unfit({ endpoint: { kind } }: Call, kinds: readonly EndpointKind[]): ServiceError {
  const text = `a ${kind} stream cannot be called over ${kinds.includes('server') ? 'HTTP/1.1' : 'mucp'}`;
  return new ServiceError('Unimplemented', text, { executed: 'no' });
}
