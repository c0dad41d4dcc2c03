import assert from 'node:assert/strict';
import { join } from 'node:path';
import { httpBroker } from '@tenon/broker-http';
import { eventually } from '@tenon/conformance';
import { type App, createApp, etcdRegistry, httpTransport, ServiceError } from 'tenon';
import { BackEnd } from '../../../e2e/back-end.js';
import { GoMicroPeer, type PeerLine } from '../../../e2e/go-micro-peer.js';
import type { Meeting } from '../../harness/meeting.js';
import { Missing } from '../../harness/missing.js';
import { pinnedModule } from '../../harness/pinned-module.js';
import type { Stranger } from '../../harness/stranger.js';
import { arrived, Greeter, gopher, type Order, Told } from './gopher.js';

/** A go-micro process, client and server, that finds us and is found by us in etcd, and its http broker. */
export const goMicro: Stranger = {
  direction: 'both ways',
  async meet(meeting) {
    const sources = join(meeting.folder, '..', '..', 'go-micro');
    const found = await GoMicroPeer.found(sources);
    // Whoever serves Go's modules here is nobody's business but this machine's.
    if (typeof found === 'string') throw new Missing(found.replaceAll(/https?:\/\/\S+/g, 'the module'));
    await using peer = found;
    meeting.version = pinnedModule(sources, 'go-micro.dev/v6');
    await meeting.machine.program('etcd', 'etcd-server');
    await using etcd = await BackEnd.started('etcd');
    const where = ['-registry', 'etcd', '-registry_address', etcd.address];
    const app = await createApp({
      profile: 'test',
      log: { level: 'silent' },
      services: [Greeter],
      modules: [etcdRegistry({ endpoints: [etcd.address] }), httpTransport(), httpBroker()],
    });
    try {
      await app.start();
      const { lines } = await peer.serve(where);
      for (const contentType of ['application/json', 'application/json-rpc']) {
        await itCalls(meeting, peer, where, contentType);
        await weCall(meeting, app, contentType);
      }
      await meeting.case('an event of ours is heard there', () =>
        eventually(async () => {
          await app.publisher(Told).publish({ name: 'Ada', to: 7 });
          assert.ok(lines.some((line) => line.case === 'heard' && line['name'] === 'Ada' && line['to'] === 7));
        }, patience),
      );
      await meeting.case('an event of its own is heard here', async () => {
        await peer.call([...where, '-topic', 'tenon.heard', 'publish']);
        await eventually(() => assert.ok(arrived.events.some(({ name, to }) => name === 'Go' && to === 7)), patience);
      });
    } finally {
      await app.close();
    }
  },
};

async function itCalls(
  meeting: Meeting,
  peer: GoMicroPeer,
  where: readonly string[],
  contentType: string,
): Promise<void> {
  const name = (what: string): string => `it calls in ${contentType}: ${what}`;
  const ask = async (what: string): Promise<PeerLine> => {
    const lines = await peer.call([...where, '-service', 'greeter', '-content_type', contentType, what]);
    const line = lines.find((one) => one.case === what);
    if (line === undefined) throw new Error(`it said nothing about ${what}`);
    return line;
  };
  const messages = (line: PeerLine, key: string): readonly unknown[] =>
    (line.replies ?? []).map((reply) => (reply as Readonly<Record<string, unknown>>)[key]);
  await meeting.case(name('a unary call, with metadata'), async () => {
    assert.equal((await ask('hello')).reply?.['msg' as never], 'Hello Go from Zoë');
  });
  await meeting.case(name('an error that we mean'), async () => {
    const { code, detail } = await ask('fail');
    assert.deepEqual([code, detail], [404, 'no such x: Zoë <&>']);
  });
  await meeting.case(name('an endpoint that is not there'), async () => {
    assert.equal((await ask('nope')).code, 501);
  });
  await meeting.case(name('the time that is left'), async () => {
    const left = Number((await ask('left')).reply?.['left' as never]);
    assert.ok(left > 1_000 && left <= 5_000, `${left} ms`);
  });
  await meeting.case(name('a server stream'), async () => {
    assert.deepEqual(messages(await ask('count'), 'n'), [1, 2, 3]);
  });
  await meeting.case(name('a stream that ends in an error'), async () => {
    const { code, detail } = await ask('countfail');
    assert.deepEqual([code, detail], [400, 'boom']);
  });
  await meeting.case(name('a stream both ways'), async () => {
    assert.deepEqual(messages(await ask('chat'), 'msg'), ['got one', 'got two']);
  });
  await meeting.case(name('a client stream'), async () => {
    const before = arrived.uploads.length;
    await ask('upload');
    await eventually(() => assert.deepEqual(arrived.uploads[before], [1, 2, 3]), patience);
  });
}

async function weCall(meeting: Meeting, app: App, contentType: string): Promise<void> {
  const name = (what: string): string => `we call in ${contentType}: ${what}`;
  const client = app.client(gopher);
  const options = { contentType, metadata: { 'x-from': 'Zoë' } };
  await meeting.case(name('a unary call, with metadata'), () =>
    // The first one waits for the registry.
    eventually(async () => {
      assert.equal((await client.hello(order('Ada'), options)).msg, 'Hello Ada from Zoë');
    }, patience),
  );
  await meeting.case(name('errors'), async () => {
    const found = await failureOf(client.fail(order('x'), options));
    assert.deepEqual([found.code, found.rawMessage], ['NotFound', 'no such x']);
    const plain = await failureOf(client.plain(order('x'), options));
    assert.deepEqual([plain.code, plain.rawMessage], ['Unknown', 'plain failure']);
    const absent = await failureOf(app.call('gogreeter', 'Greeter.Nope', {}, { contentType }));
    assert.equal(absent.code, 'Unimplemented');
  });
  await meeting.case(name('the time that is left'), async () => {
    const { left } = await client.left(order('x'), { ...options, timeoutMs: 3_000 });
    assert.ok(left > 1_000 && left <= 3_000, `${left} ms`);
  });
  await meeting.case(name('fifty calls at once'), async () => {
    const names = Array.from({ length: 50 }, (_none, index) => `n${index}`);
    const replies = await Promise.all(names.map((one) => client.hello(order(one), { contentType })));
    assert.deepEqual(
      replies.map(({ msg }) => msg),
      names.map((one) => `Hello ${one}`),
    );
  });
  await meeting.case(name('streams of all kinds'), async () => {
    const counted = await all(client.count(order('x', 3), { contentType }));
    assert.deepEqual(
      counted.map(({ n }) => n),
      [1, 2, 3],
    );
    const chatted = await all(client.chat(orders('one', 'two'), { contentType }));
    assert.deepEqual(
      chatted.map(({ msg }) => msg),
      ['got one', 'got two'],
    );
    assert.equal((await client.sum(orders('1', '2', '3'), { contentType })).n, 6);
  });
  await meeting.case(name('a stream that ends in an error, and one that is left early'), async () => {
    const failure = await failureOf(all(client.count(order('fail', 1), { contentType })));
    assert.deepEqual([failure.code, failure.rawMessage], ['InvalidArgument', 'boom']);
    for await (const { n } of client.count(order('x', 100_000), { contentType })) if (n === 2) break;
    assert.equal((await client.hello(order('Ada'), { contentType })).msg, 'Hello Ada');
  });
}

const patience = { withinMs: 20_000, everyMs: 50 };

function order(name: string, to = 0): Order {
  return { name, to };
}

async function* orders(...names: readonly string[]): AsyncIterable<Order> {
  for (const name of names) yield order(name, Number(name) || 0);
}

async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const read: T[] = [];
  for await (const message of messages) read.push(message);
  return read;
}

function failureOf(outcome: Promise<unknown>): Promise<ServiceError> {
  return outcome.then(
    () => {
      throw new Error('it succeeded');
    },
    (thrown: unknown) => ServiceError.from(thrown),
  );
}
