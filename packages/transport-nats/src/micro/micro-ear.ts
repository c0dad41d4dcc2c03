import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { type CallHandler, type Clock, ServiceError } from '@tenon/contract';
import type { CodecSet } from '@tenon/contract/authoring';
import { listen } from '../listen.js';
import type { Wire } from '../wire.js';
import { type MicroEndpoint, MicroService } from './micro-service.js';
import { plainError } from './plain-error.js';
import { StrangerCall, strangerContentType, strangerMetadata } from './stranger-call.js';

interface MicroEarParts {
  readonly wire: Wire;
  readonly codecs: CodecSet;
  readonly clock: Clock;
  readonly handler: CallHandler;
  readonly maxMessageBytes: number;
  readonly queueGroup: string;
}

/** What strangers see of this node: `$SRV`, and a subject of each endpoint in a queue group. */
export class MicroEar {
  readonly #parts: MicroEarParts;
  readonly #services: readonly MicroService[];
  readonly #serving = new Set<StrangerCall>();
  #subscriptions: Subscription[] = [];
  #hasLeft = false;
  #whenIdle: (() => void)[] = [];

  constructor(parts: MicroEarParts) {
    const { handler, queueGroup, clock } = parts;
    this.#parts = parts;
    const startedAt = new Date(clock.wallTime());
    this.#services = (handler.services?.() ?? []).map((record) => new MicroService(record, queueGroup, startedAt));
  }

  get isIdle(): boolean {
    return this.#serving.size === 0;
  }

  /** Begins to listen, on every new connection again; not once it has left. */
  subscribe(connection: NatsConnection): void {
    this.#subscriptions = [];
    if (this.#hasLeft) return;
    for (const [verb, tell] of verbs) {
      this.#listen(connection, `$SRV.${verb}`, (message) => this.#tellAll(this.#services, tell, message));
      for (const name of new Set(this.#services.map((service) => service.name))) {
        const named = this.#services.filter((service) => service.name === name);
        this.#listen(connection, `$SRV.${verb}.${name}`, (message) => this.#tellAll(named, tell, message));
      }
      for (const service of this.#services) {
        const subject = `$SRV.${verb}.${service.name}.${service.id}`;
        this.#listen(connection, subject, (message) => this.#tellAll([service], tell, message));
      }
    }
    const queue = this.#parts.queueGroup;
    for (const service of this.#services)
      for (const endpoint of service.endpoints)
        this.#listen(connection, endpoint.subject, (message) => this.#call(service, endpoint, message), queue);
  }

  /** Leaves the queue groups; what the server had sent by then is still served. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    await Promise.allSettled(this.#subscriptions.splice(0).map((subscription) => subscription.drain()));
  }

  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  abandonAll(why: string): void {
    for (const call of [...this.#serving]) call.abandon(new ServiceError('Unavailable', why, { executed: 'maybe' }));
  }

  close(): void {
    this.#hasLeft = true;
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    this.abandonAll('the server closed before it answered');
  }

  /** Counts a call that came in Tenon's own form. */
  count(call: { readonly service: string; readonly endpoint: string }, tookMs: number, error?: ServiceError): void {
    const service = this.#services.find(({ service: name }) => name === call.service);
    service?.endpoints.find(({ endpoint }) => endpoint === call.endpoint)?.stats.ended(tookMs, error);
  }

  #listen(connection: NatsConnection, subject: string, take: (message: Msg) => void, queue?: string): void {
    this.#subscriptions.push(listen(connection, subject, take, queue));
  }

  #tellAll(services: readonly MicroService[], tell: (service: MicroService) => object, message: Msg): void {
    for (const service of services) message.respond(JSON.stringify(tell(service)));
  }

  #call(service: MicroService, { endpoint, stats }: MicroEndpoint, message: Msg): void {
    // An answer to nowhere is none: whoever publishes here has mistaken it for a topic.
    if (message.reply === undefined || message.reply === '') return;
    const { codecs, clock, handler, maxMessageBytes, wire } = this.#parts;
    const begunAt = clock.now();
    try {
      const { max_payload: maxPayload = maxMessageBytes } = wire.connection().info ?? {};
      const call = new StrangerCall({
        message,
        service: service.service,
        endpoint,
        node: service.node,
        codec: codecs.of(strangerContentType(message.headers)),
        metadata: strangerMetadata(message.headers),
        maxReplyBytes: Math.min(maxMessageBytes, maxPayload - headerRoom),
        onEnd: (ended, error) => {
          stats.ended(clock.now() - begunAt, error);
          this.#ended(ended);
        },
      });
      this.#serving.add(call);
      call.serve(handler);
    } catch (thrown) {
      const error = ServiceError.from(thrown).with({ executed: 'no' });
      stats.ended(clock.now() - begunAt, error);
      plainError(message, error);
    }
  }

  #ended(call: StrangerCall): void {
    this.#serving.delete(call);
    if (this.#serving.size > 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}

const verbs: readonly (readonly [string, (service: MicroService) => object])[] = [
  ['PING', (service) => service.ping()],
  ['INFO', (service) => service.info()],
  ['STATS', (service) => service.stats()],
];

/** `max_payload` counts headers too: metadata at its limit, and the protocol's own. */
const headerRoom = 16 * 1_024;
