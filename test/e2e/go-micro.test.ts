import { httpBroker } from '@tenon/broker-http';
import { eventually } from '@tenon/conformance';
import { IsInt, IsString } from 'class-validator';
import {
  type App,
  callContext,
  contract,
  createApp,
  Endpoint,
  Event,
  etcdRegistry,
  httpTransport,
  Service,
  ServiceError,
  Subscribe,
} from 'tenon';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackEnd } from './back-end.js';
import { GoMicroPeer, type PeerLine } from './go-micro-peer.js';

// A real go-micro process and a Tenon app, which find each other in etcd.

const peer = await GoMicroPeer.found();
if (typeof peer === 'string') process.stdout.write(`SKIPPED: ${peer}\n`);

class Order {
  @IsString() name!: string;
  @IsInt() to!: number;
}

/** What a go-micro client publishes here. */
@Event('tenon.heard')
class Heard {
  @IsString() name!: string;
  @IsInt() to!: number;
}

/** What the go-micro server has subscribed to. */
@Event('go.heard')
class Told {
  @IsString() name!: string;
  @IsInt() to!: number;
}

const patience = { withinMs: 20_000, everyMs: 50 };
const helloAda = { msg: 'Hello Ada from Zoë' };
const uploads: number[][] = [];
const events: Heard[] = [];

@Service('greeter')
class Greeter {
  @Endpoint()
  hello({ name }: Order): { msg: string } {
    return { msg: `Hello ${name} from ${callContext().metadata['x-from']}` };
  }

  @Endpoint()
  fail({ name }: Order): { msg: string } {
    throw new ServiceError('NotFound', `no such ${name}: Zoë <&>`);
  }

  @Endpoint()
  left(_request: Order): { left: number } {
    return { left: Math.round(callContext().timeLeftMs) };
  }

  @Endpoint({ stream: 'server' })
  async *count({ to, name }: Order): AsyncIterable<{ n: number }> {
    for (let n = 1; n <= to; n += 1) yield { n };
    if (name === 'fail') throw new ServiceError('InvalidArgument', 'boom');
  }

  @Endpoint({ stream: 'bidi', request: Order })
  async *chat(requests: AsyncIterable<Order>): AsyncIterable<{ msg: string }> {
    for await (const { name } of requests) yield { msg: `got ${name}` };
  }

  @Endpoint({ stream: 'client', request: Order })
  async upload(requests: AsyncIterable<Order>): Promise<{ n: number }> {
    const read: number[] = [];
    for await (const { to } of requests) read.push(to);
    uploads.push(read);
    return { n: read.length };
  }

  @Subscribe(Heard)
  heard(event: Heard): void {
    events.push(event);
  }
}

/** What `test/interop/go-micro` serves. */
interface Gopher {
  hello(request: Order): Promise<{ msg: string }>;
  fail(request: Order): Promise<{ msg: string }>;
  plain(request: Order): Promise<{ msg: string }>;
  left(request: Order): Promise<{ left: number }>;
  count(request: Order): AsyncIterable<{ n: number }>;
  chat(requests: AsyncIterable<Order>): AsyncIterable<{ msg: string }>;
  sum(requests: AsyncIterable<Order>): Promise<{ n: number }>;
}

const gopher = contract<Gopher>()('gogreeter', {
  as: 'Greeter',
  streams: { count: 'server', chat: 'bidi', sum: 'client' },
});

describe.skipIf(typeof peer === 'string')('go-micro', () => {
  const go = peer as GoMicroPeer;
  let etcd: BackEnd;
  let app: App;
  let found: readonly string[];
  let heardByGo: readonly PeerLine[];

  beforeAll(async () => {
    etcd = await BackEnd.started('etcd');
    found = ['-registry', 'etcd', '-registry_address', etcd.address];
    app = await createApp({
      profile: 'test',
      log: { level: 'silent' },
      services: [Greeter],
      modules: [etcdRegistry({ endpoints: [etcd.address] }), httpTransport(), httpBroker()],
    });
    await app.start();
    heardByGo = (await go.serve(found)).lines;
  });

  afterAll(async () => {
    await app?.close();
    if (typeof peer !== 'string') await peer[Symbol.asyncDispose]();
    await etcd?.dispose();
  });

  describe.each(['application/json', 'application/json-rpc'])('calls Tenon in %s', (contentType) => {
    test('unary calls, errors, time left, streams', async () => {
      const cases = ['hello', 'fail', 'nope', 'left', 'count', 'countfail', 'chat', 'upload'];
      const lines = await go.call([...found, '-service', 'greeter', '-content_type', contentType, ...cases]);
      const said = new Map(lines.map((line) => [line.case, line]));
      expect(said.get('hello')).toMatchObject({ reply: { msg: 'Hello Go from Zoë' } });
      expect(said.get('fail')).toMatchObject({ code: 404, detail: 'no such x: Zoë <&>' });
      expect(said.get('nope')).toMatchObject({ code: 501 });
      const { left } = (said.get('left')?.reply ?? {}) as { readonly left?: number };
      expect(left).toBeGreaterThan(1_000);
      expect(left).toBeLessThanOrEqual(5_000);
      expect(said.get('count')).toMatchObject({ replies: [{ n: 1 }, { n: 2 }, { n: 3 }] });
      expect(said.get('countfail')).toMatchObject({ code: 400, detail: 'boom' });
      expect(said.get('chat')).toMatchObject({ replies: [{ msg: 'got one' }, { msg: 'got two' }] });
      expect(said.get('upload')).toMatchObject({ replies: [] });
      await eventually(() => expect(uploads).toContainEqual([1, 2, 3]), patience);
    });
  });

  describe.each(['application/json', 'application/json-rpc'])('is called by Tenon in %s', (contentType) => {
    const order = (name: string, to = 0): Order => ({ name, to });

    test('unary calls, errors, time left', async () => {
      const client = app.client(gopher);
      const options = { contentType, metadata: { 'x-from': 'Zoë' } };
      // The first one waits for the registry.
      const hello = async () => expect(await client.hello(order('Ada'), options)).toMatchObject(helloAda);
      await eventually(hello, patience);
      await expect(client.fail(order('x'), options)).rejects.toMatchObject({
        code: 'NotFound',
        rawMessage: 'no such x',
      });
      await expect(client.plain(order('x'), options)).rejects.toMatchObject({
        code: 'Unknown',
        rawMessage: 'plain failure',
      });
      await expect(app.call('gogreeter', 'Greeter.Nope', {}, { contentType })).rejects.toMatchObject({
        code: 'Unimplemented',
      });
      const { left } = await client.left(order('x'), { ...options, timeoutMs: 3_000 });
      expect(left).toBeGreaterThan(1_000);
      expect(left).toBeLessThanOrEqual(3_000);
    });

    test('50 calls at once', async () => {
      const client = app.client(gopher);
      const names = Array.from({ length: 50 }, (_, index) => `n${index}`);
      const replies = await Promise.all(names.map((name) => client.hello(order(name), { contentType })));
      expect(replies.map(({ msg }) => msg)).toEqual(names.map((name) => `Hello ${name}`));
    });

    test('streams of all kinds, to their end, to an error, and left early', async () => {
      const client = app.client(gopher);
      expect(await all(client.count(order('x', 3), { contentType }))).toMatchObject([{ n: 1 }, { n: 2 }, { n: 3 }]);
      const failing = client.count(order('fail', 1), { contentType });
      await expect(all(failing)).rejects.toMatchObject({ code: 'InvalidArgument', rawMessage: 'boom' });
      for await (const { n } of client.count(order('x', 100_000), { contentType })) if (n === 2) break;
      const chat = client.chat(orders(['one', 'two', 'three']), { contentType });
      expect(await all(chat)).toMatchObject([{ msg: 'got one' }, { msg: 'got two' }, { msg: 'got three' }]);
      expect(await client.sum(orders(['1', '2', '3']), { contentType })).toMatchObject({ n: 6 });
      // And it still answers.
      expect(await client.hello(order('Ada'), { contentType })).toMatchObject({ msg: 'Hello Ada' });
    });
  });

  test('events go both ways, over the http broker', async () => {
    await eventually(async () => {
      await app.publisher(Told).publish({ name: 'Ada', to: 7 });
      expect(heardByGo).toContainEqual({ case: 'heard', name: 'Ada', to: 7 });
    }, patience);
    await go.call([...found, '-topic', 'tenon.heard', 'publish']);
    await eventually(() => expect(events).toContainEqual({ name: 'Go', to: 7 }), patience);
  });
});

async function* orders(names: readonly string[]): AsyncIterable<Order> {
  for (const name of names) yield { name, to: Number(name) || 0 };
}

async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const read: T[] = [];
  for await (const message of messages) read.push(message);
  return read;
}
