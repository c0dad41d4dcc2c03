import { memoryBroker } from '@tenon/broker-memory';
import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import type {
  Broker,
  Client,
  EndpointKind,
  Provider,
  Registry,
  Selector,
  Server,
  Strategy,
  Transport,
} from '@tenon/contract';
import { callClient, callServer, p2cStrategy, registrySelector } from '@tenon/core';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { FakeClock } from '@tenon/testing/fake-clock';
import { memoryTransport } from '@tenon/transport-memory';
import { servedEndpoint, servedService, servedSubscription } from './greeter.js';
import { RecordingLogger } from './recording-logger.js';

/** Nodes and one caller, put together without a container, over the real providers of one process. */
export class Fleet {
  readonly clock = new FakeClock();
  readonly logger = new RecordingLogger();
  readonly registry: Registry;
  readonly broker: Broker;
  readonly client: Client;
  readonly #codecs = [make(jsonCodec()), make(msgpackCodec())];
  readonly #transport = memoryTransport();
  readonly #servers: Server[] = [];

  constructor() {
    this.registry = make(memoryRegistry({ store: new MemoryRegistryStore() }), this.clock);
    this.broker = make(memoryBroker(), this.clock, this.logger);
    const selector = make<Selector>(
      registrySelector(),
      this.registry,
      make<Strategy>(p2cStrategy(), this.clock),
      this.logger,
      this.clock,
    );
    const transports = [make<Transport>(this.#transport, this.#codecs, this.clock)];
    const parts = [this.broker, this.#codecs, undefined, [], this.clock, this.logger];
    this.client = make<Client>(callClient({ propagate: ['x-tenant'] }), transports, selector, ...parts);
  }

  async serve(
    handle: (request: unknown) => unknown,
    hear: (event: unknown) => unknown = () => {},
    kind: EndpointKind = 'unary',
  ): Promise<Server> {
    const transports = [make<Transport>(this.#transport, this.#codecs, this.clock)];
    const unbound = Array.from({ length: 5 }, () => undefined);
    const parts = [this.#codecs, undefined, [], this.clock, this.logger, ...unbound, []];
    const server = make<Server>(callServer(), transports, this.registry, this.broker, ...parts);
    const subscriptions = [servedSubscription(hear, { options: { queue: 'greeter' } })];
    server.serve(servedService({ endpoints: [servedEndpoint(handle, { descriptor: { kind } })], subscriptions }));
    await server.start(new AbortController().signal);
    this.#servers.push(server);
    return server;
  }

  async close(): Promise<void> {
    await this.client.close();
    for (const server of this.#servers) await server.close();
    await this.broker.close();
    await this.registry.close();
  }
}

function make<T>(provider: Provider<T>, ...dependencies: unknown[]): T {
  return provider.create(...(dependencies as never[]));
}
