import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  type CallHandler,
  type Connection,
  type EndpointKind,
  type IncomingCall,
  type Listener,
  noMetadata,
  type Reply,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { NatsServer, type NatsServerOptions } from '../../../test/nats-server/nats-server.js';
import type { NatsTransportOptions } from '../src/index.js';
import { brisk, type LivingTransport, newTransport, nodeOf, portOf } from './fixture.js';

/** What is made for one test, and ends with it, the last made first. */
export class Stage {
  readonly #endings: (() => Promise<unknown>)[] = [];

  async server(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = await NatsServer.start(options);
    this.onEnd(() => server.stop());
    return server;
  }

  async transport(server: NatsServer | string, options: NatsTransportOptions = {}): Promise<LivingTransport> {
    const address = typeof server === 'string' ? server : server.address;
    const transport = newTransport({ servers: [address], ...brisk, ...options });
    this.onEnd(() => transport.close());
    await transport.start(new AbortController().signal);
    return transport;
  }

  /** A node that answers, and what it was asked. */
  async node(server: NatsServer | string, options: NatsTransportOptions = {}): Promise<TestNode> {
    const transport = await this.transport(server, options);
    const handler = new TestHandler(`node-${crypto.randomUUID().slice(0, 8)}`);
    const listener = await transport.listen(portOf(handler.id), handler);
    return { transport, listener, handler };
  }

  /** A connection to a node, by a transport of its own. */
  async dial(
    server: NatsServer | string,
    { listener }: TestNode,
    options: NatsTransportOptions = {},
  ): Promise<Connection> {
    return (await this.transport(server, options)).dial(nodeOf(listener), { service: 'probe' });
  }

  /** A stranger, with the library's own client. */
  async stranger(server: NatsServer): Promise<NatsConnection> {
    const connection = await connect({ servers: server.address });
    this.onEnd(() => connection.close());
    return connection;
  }

  onEnd(ending: () => Promise<unknown>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).reverse()) await ending();
  }
}

export interface TestNode {
  readonly transport: LivingTransport;
  readonly listener: Listener;
  readonly handler: TestHandler;
}

/** Answers `Probe.Echo` with its value, holds `Probe.Hold` until it is released, fails `Probe.Fail`, counts for `Probe.Count`. */
export class TestHandler implements CallHandler {
  readonly received: IncomingCall[] = [];
  readonly cancels: ServiceError[] = [];
  #held: IncomingCall[] = [];

  constructor(readonly id: string) {}

  handle(call: IncomingCall) {
    this.received.push(call);
    try {
      this.#answer(call);
    } catch (thrown) {
      call.fail(ServiceError.from(thrown));
    }
    return { cancel: (reason: ServiceError) => void this.cancels.push(reason) };
  }

  refusal(): undefined {
    return undefined;
  }

  kindOf(_service: string, endpoint: string): EndpointKind | undefined {
    return endpoint === 'Probe.Count' ? 'server' : 'unary';
  }

  services(): readonly ServiceRecord[] {
    const endpoint = (name: string, metadata = {}) => ({ name, request: null, response: null, metadata });
    return [
      {
        name: 'probe',
        version: '1.2.3',
        metadata: noMetadata,
        endpoints: [
          endpoint('Probe.Echo', { 'request-schema': '{"type":"string"}' }),
          endpoint('Probe.Hold'),
          endpoint('Probe.Fail'),
          endpoint('Probe.Count', { stream: 'true', 'stream-kind': 'server' }),
          endpoint('Probe.OnEvent', { topic: 'event', subscriber: 'true' }),
        ],
        nodes: [{ id: this.id, address: '', metadata: noMetadata }],
      },
    ];
  }

  get holding(): number {
    return this.#held.length;
  }

  release(): void {
    for (const call of this.#held.splice(0)) call.reply({ value: 'held', metadata: noMetadata });
  }

  #answer(call: IncomingCall): void {
    switch (call.endpoint) {
      case 'Probe.Echo':
        call.reply({ value: call.decode(), metadata: call.metadata });
        return;
      case 'Probe.Hold':
        this.#held.push(call);
        return;
      case 'Probe.Count':
        if (call.kind === 'server') {
          call.reply({ value: undefined, messages: counted(), metadata: noMetadata });
          return;
        }
        throw new ServiceError('Unimplemented', 'Probe.Count is a server stream', { executed: 'no' });
      default:
        throw new ServiceError('NotFound', 'no order 42\r\nX: y', { executed: 'yes', details: { order: 42 } });
    }
  }
}

/** One call, with a deadline far away. */
export function call(connection: Connection, endpoint: string, value: unknown = null): Promise<Reply> {
  return connection.unary({
    endpoint: { service: 'probe', name: `Probe.${endpoint}`, kind: 'unary', idempotent: false },
    value,
    metadata: noMetadata,
    deadline: systemClock().now() + 60_000,
  });
}

/** A server stream that goes on for ever. */
export function count(connection: Connection): Promise<Reply> {
  return connection.stream({
    endpoint: { service: 'probe', name: 'Probe.Count', kind: 'server', idempotent: false },
    value: null,
    metadata: noMetadata,
    deadline: Number.POSITIVE_INFINITY,
  });
}

/** How a call ends. */
export async function failureOf(outcome: Promise<unknown>): Promise<ServiceError> {
  try {
    await outcome;
  } catch (thrown) {
    return ServiceError.from(thrown);
  }
  throw new Error('the call succeeded');
}

async function* counted(): AsyncGenerator<number> {
  for (let next = 1; ; next += 1) yield next;
}
