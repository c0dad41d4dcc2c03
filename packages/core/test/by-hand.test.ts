import { memoryBroker } from '@tenon/broker-memory';
import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  type Broker,
  type Client,
  noMetadata,
  type Provider,
  type Registry,
  type Selector,
  type Server,
  ServiceError,
  type Strategy,
  type Transport,
} from '@tenon/contract';
import { callClient, callContext, callServer, p2cStrategy, registrySelector } from '@tenon/core';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { FakeClock } from '@tenon/testing/fake-clock';
import { memoryTransport } from '@tenon/transport-memory';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deferred } from './deferred.js';
import { failureOf } from './failure-of.js';
import { hello, servedEndpoint, servedService, servedSubscription } from './greeter.js';
import { RecordingLogger } from './recording-logger.js';

/** Nodes and one caller, put together without a container, over the real providers of one process. */
class Fleet {
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
    this.broker = make(memoryBroker());
    const selector = make<Selector>(
      registrySelector(),
      this.registry,
      make<Strategy>(p2cStrategy(), this.clock),
      this.logger,
    );
    const transports = [make<Transport>(this.#transport, this.#codecs, this.clock)];
    const parts = [this.broker, this.#codecs, undefined, [], this.clock, this.logger];
    this.client = make<Client>(callClient({ propagate: ['x-tenant'] }), transports, selector, ...parts);
  }

  async serve(handle: (request: unknown) => unknown, hear: (event: unknown) => unknown = () => {}): Promise<Server> {
    const transports = [make<Transport>(this.#transport, this.#codecs, this.clock)];
    const parts = [this.#codecs, undefined, [], this.clock, this.logger];
    const server = make<Server>(callServer(), transports, this.registry, this.broker, ...parts);
    const subscriptions = [servedSubscription(hear, { queue: 'greeter' })];
    server.serve(servedService({ endpoints: [servedEndpoint(handle)], subscriptions }));
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

let fleet: Fleet;

beforeEach(() => {
  fleet = new Fleet();
});

afterEach(async () => {
  await fleet.close();
  expect(fleet.clock.pending).toBe(0);
});

test('a call finds a node, and its deadline and metadata arrive', async () => {
  await fleet.serve((request) => ({ request, left: callContext().timeLeftMs, metadata: callContext().metadata }));
  const options = { timeoutMs: 700, metadata: { 'X-A': '1' } };
  expect((await fleet.client.unary(hello, { name: 'Ada' }, options)).value).toEqual({
    request: { name: 'Ada' },
    left: 700,
    metadata: { 'x-a': '1' },
  });
});

test('what a handler calls gets its deadline, its cancelling, and of its metadata only what was named', async () => {
  const inner = deferred<AbortSignal>();
  const seen: unknown[] = [];
  await fleet.serve(async (request) => {
    const { metadata, timeLeftMs, signal } = callContext();
    seen.push({ metadata, timeLeftMs });
    if (request === 'inner') {
      inner.resolve(signal);
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    }
    return (await fleet.client.unary(hello, 'inner')).value;
  });
  const stop = new AbortController();
  const metadata = { authorization: 'Bearer x', 'x-tenant': 't1' };
  const failed = failureOf(fleet.client.unary(hello, 'outer', { timeoutMs: 500, metadata, signal: stop.signal }));
  const signal = await inner.promise;
  expect(seen).toEqual([
    { metadata, timeLeftMs: 500 },
    { metadata: { 'x-tenant': 't1' }, timeLeftMs: 500 },
  ]);
  stop.abort();
  expect(await failed).toMatchObject({ code: 'Canceled', executed: 'maybe' });
  await fleet.clock.advance(0);
  expect(signal.aborted).toBe(true);
});

test('a handler that refuses by choice is tried elsewhere; one that passes on a refusal has run, and is not', async () => {
  let calls = 0;
  for (let node = 0; node < 3; node += 1) {
    await fleet.serve(async (request) => {
      calls += 1;
      if (request === 'refuse' && calls === 1) throw new ServiceError('Unavailable', 'warming up', { executed: 'no' });
      if (request === 'pass on') await fleet.client.unary({ ...hello, service: 'nobody' }, {});
      return calls;
    });
  }
  expect((await fleet.client.unary(hello, 'refuse')).value).toBe(2);
  calls = 0;
  // A registry that knows nobody says "Unavailable, not executed" about the inner call. The outer handler has run.
  expect(await failureOf(fleet.client.unary(hello, 'pass on'))).toMatchObject({
    code: 'Unavailable',
    service: 'nobody',
    executed: 'yes',
    attempts: [{}],
  });
  expect(calls).toBe(1);
});

test('an event reaches one member of its queue', async () => {
  const heard = deferred<unknown>();
  const events: unknown[] = [];
  for (let node = 0; node < 2; node += 1) {
    await fleet.serve(
      () => {},
      (event) => {
        events.push(event);
        heard.resolve(event);
      },
    );
  }
  await fleet.client.publish('user.created', { name: 'Ada' });
  await heard.promise;
  await fleet.clock.advance(0);
  expect(events).toEqual([{ name: 'Ada' }]);
});

test('a node that drains is not called any more, and the call goes to another', async () => {
  const served: string[] = [];
  const first = await fleet.serve(() => served.push('first'));
  await fleet.client.unary(hello, {});
  await fleet.serve(() => served.push('second'));
  await first.drain(new AbortController().signal);
  await fleet.client.unary(hello, {});
  expect(served).toEqual(['first', 'second']);
  expect(fleet.logger.complaints).toEqual([]);
});

test('what a reply carries comes from the handler alone', async () => {
  await fleet.serve(() => callContext().setReplyMetadata('X-B', '2'));
  const replies: unknown[] = [];
  const onReply = (metadata: unknown): void => void replies.push(metadata);
  await fleet.client.unary(hello, {}, { metadata: { 'x-a': '1' }, onReply });
  expect(replies).toEqual([{ ...noMetadata, 'x-b': '2' }]);
});
