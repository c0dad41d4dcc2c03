import type { Msg, NatsConnection } from '@nats-io/transport-node';
import {
  all,
  type CallHandler,
  Clock,
  Codec,
  type Connection,
  type EndpointKind,
  type Lifecycle,
  type Listener,
  Logger,
  type Node,
  type Port,
  type Provider,
  provide,
  ServiceError,
  Transport,
} from '@tenon/contract';
import { CodecSet, DeadlineWheel, inTime, ServerLink, untilAborted } from '@tenon/contract/authoring';
import { type NatsSession, natsDial, statusLog } from '@tenon/nats';
import { NatsClientConnection } from './client/nats-connection.js';
import { PartBudget } from './frame-assembly.js';
import { listen } from './listen.js';
import { MicroEar } from './micro/micro-ear.js';
import {
  type NatsTransportOptions,
  type ResolvedNatsTransportOptions,
  resolveNatsTransportOptions,
} from './nats-transport-options.js';
import { nodeSubject, subjectOf, transportName } from './node-subject.js';
import { NatsListener } from './server/nats-listener.js';
import { NodeEar } from './server/node-ear.js';
import { Wire } from './wire.js';

/**
 * Calls over NATS: unary and streams of all kinds between Tenon nodes, each on a subject of its own, so that the selector chooses;
 * and unary calls of strangers by queue groups, as NATS's service protocol has them. Needs a codec.
 *
 * Nothing is opened before the application starts it; starting rejects with `Unavailable` within 2 s where no server answers.
 * Reaches nodes whose address is `nats:SUBJECT`, or that speak `nats` beside others.
 *
 * @throws ServiceError `InvalidArgument` on an option out of range; `FailedPrecondition`, when the application is made,
 * where no codec is bound.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [natsTransport({ servers: ['nats-1:4222', 'nats-2:4222'] })] });
 */
export function natsTransport(options: NatsTransportOptions = {}): Provider<Transport> {
  const resolved = resolveNatsTransportOptions(options);
  return provide(
    Transport,
    [all(Codec), Clock, Logger],
    (codecs, clock, logger) => new NatsTransport(resolved, codecs, clock, logger),
  );
}

class NatsTransport implements Transport, Lifecycle {
  readonly name = transportName;
  readonly kinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
  readonly #options: ResolvedNatsTransportOptions;
  readonly #codecs: CodecSet;
  readonly #clock: Clock;
  readonly #wheel: DeadlineWheel;
  readonly #budget = new PartBudget(maxHalfReceivedBytes);
  readonly #defaultContentType: string;
  readonly #link: ServerLink<NatsSession, string>;
  readonly #wire: Wire;
  readonly #inbox: string;
  readonly #connections = new Map<number, NatsClientConnection>();
  readonly #listeners = new Set<NatsListener>();
  #lastConnection = 0;
  /** A connection whose server did not answer. */
  #deaf: NatsConnection | undefined;

  constructor(options: ResolvedNatsTransportOptions, codecs: readonly Codec[], clock: Clock, logger: Logger) {
    this.#options = options;
    this.#defaultContentType = defaultContentType(codecs);
    this.#codecs = new CodecSet(codecs);
    this.#clock = clock;
    this.#wheel = new DeadlineWheel(clock);
    this.#inbox = `${options.inboxPrefix}.${crypto.randomUUID().replaceAll('-', '')}`;
    const told = logger.child({ transport: transportName });
    this.#link = new ServerLink({
      name: 'NATS',
      settings: options,
      dial: natsDial(options, clock, statusLog(told)),
      listener: { up: ({ connection }) => this.#up(connection), down: () => this.#down() },
      logger: told,
      clock,
    });
    this.#wire = new Wire(() => this.#link.session?.connection);
  }

  start(signal: AbortSignal): Promise<void> {
    return this.#link.start(signal);
  }

  reaches(node: Node): boolean {
    return nodeSubject(node) !== undefined;
  }

  async dial(
    node: Node,
    { service, signal }: { readonly service: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Connection> {
    const subject = nodeSubject(node);
    if (subject === undefined) {
      const text = `${JSON.stringify(node.address)} is no address of the form nats:SUBJECT`;
      throw new ServiceError('Unavailable', text, { executed: 'no', service, node: node.id });
    }
    const connection = this.#connection(node, subject);
    try {
      const { connectTimeoutMs } = this.#options;
      await untilAborted(inTime(connection.greet(), connectTimeoutMs, this.#clock), signal);
      return connection;
    } catch (thrown) {
      await connection.close();
      throw thrown;
    }
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const { signIntervalMs, subjectPrefix, queueGroup, micro } = this.#options;
    const { maxMessageBytes } = port;
    const parts = { wire: this.#wire, codecs: this.#codecs, clock: this.#clock, handler, maxMessageBytes };
    const strangers = micro ? new MicroEar({ ...parts, queueGroup }) : undefined;
    const node = new NodeEar({
      ...parts,
      signIntervalMs,
      onEnd: (call, tookMs, error) => strangers?.count(call, tookMs, error),
    });
    const listener: NatsListener = new NatsListener({
      subject: subjectOf(subjectPrefix, port.instance),
      node,
      micro: strangers,
      flush: () => this.#flush(),
      ended: () => this.#listeners.delete(listener),
    });
    listener.linkUp(this.#wire.connection());
    this.#listeners.add(listener);
    await this.#flush();
    return listener;
  }

  /** Ends whatever is left, and the connection to NATS. */
  async close(): Promise<void> {
    for (const connection of [...this.#connections.values()]) await connection.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    await this.#flush();
    this.#wheel.close();
    await this.#link.close();
  }

  #connection(node: Node, subject: string): NatsClientConnection {
    this.#lastConnection = (this.#lastConnection + 1) % 2 ** 32;
    const id = this.#lastConnection;
    const connection = new NatsClientConnection({
      wire: this.#wire,
      codecs: this.#codecs,
      clock: this.#clock,
      wheel: this.#wheel,
      budget: this.#budget,
      defaultContentType: this.#defaultContentType,
      subject,
      node: node.id,
      inbox: `${this.#inbox}.${id}`,
      signIntervalMs: this.#options.signIntervalMs,
      ended: () => this.#connections.delete(id),
    });
    this.#connections.set(id, connection);
    return connection;
  }

  #up(connection: NatsConnection): void {
    listen(connection, `${this.#inbox}.>`, (message) => this.#receive(message));
    for (const listener of this.#listeners) listener.linkUp(connection);
  }

  #down(): void {
    for (const connection of this.#connections.values()) connection.linkLost();
    for (const listener of this.#listeners) listener.linkLost();
  }

  #receive({ subject, data, headers }: Msg): void {
    const [id, token] = subject.slice(this.#inbox.length + 1).split('.');
    const isNoResponders = data.length === 0 && headers?.code === 503;
    if (token !== undefined) this.#connections.get(Number(id))?.receive(token, data, isNoResponders);
  }

  /** Waits until the server has taken what was said, for as long as connecting may take. */
  async #flush(): Promise<void> {
    const connection = this.#link.session?.connection;
    if (connection === undefined || connection === this.#deaf) return;
    try {
      await inTime(connection.flush(), this.#options.connectTimeoutMs, this.#clock);
    } catch {
      // Whatever is lost is lost with the connection, which tells everybody concerned. It is not waited for twice.
      this.#deaf = connection;
    }
  }
}

/** msgpack where it is bound: it is the default between Tenon nodes, and keeps bytes and dates. */
function defaultContentType(codecs: readonly Codec[]): string {
  const chosen = codecs.find(({ contentType }) => contentType === 'application/msgpack') ?? codecs[0];
  if (chosen !== undefined) return chosen.contentType;
  throw new ServiceError(
    'FailedPrecondition',
    'the NATS transport needs a codec and none is bound: add msgpackCodec() or jsonCodec() to the modules',
    { executed: 'no' },
  );
}

/** Of large answers whose parts are on their way. */
const maxHalfReceivedBytes = 256 * 1_024 * 1_024;
