import { eventually } from '@tenon/conformance';
import type { Delivery, Message } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { RawSubscriber } from './raw-subscriber.js';
import { idsFrom, messageOf, Stage } from './stage.js';

/** Captured from go-micro; the id, of which the capture shows the first half, is filled up. */
const captured =
  '{"Header":{"Content-Type":"application/json","Foo":"bar","Micro-ID":"2eccbadf-0000-4000-8000-000000000001","Micro-Topic":"t.y"},"Body":"eyJuYW1lIjoicCJ9Cg=="}';

const message: Message = {
  id: '2eccbadf-0000-4000-8000-000000000001',
  timeMs: 1_767_225_600_000,
  contentType: 'application/json',
  body: Buffer.from('{"name":"p"}\n'),
  metadata: { foo: 'bar' },
};

const within = { withinMs: 10_000 };

describe('go-micro', () => {
  it('gets from us the request that it sends itself, and nothing of Tenon’s', async () => {
    await using stage = new Stage();
    const peer = await RawSubscriber.open();
    stage.onEnd(async () => peer.close());
    const metadata = { broker: 'http', topic: 't.y', secure: 'false' };
    const id = 't.y-6a1b2c3d-0000-4000-8000-000000000001';
    await stage.subscriber('ff.http.broadcast', { id, address: peer.address, metadata });
    const broker = await stage.broker();
    await broker.publish('t.y', message);
    await eventually(() => expect(peer.requests).toHaveLength(1), within);
    const [request] = peer.requests;
    expect([request?.method, request?.url, request?.body]).toEqual(['POST', `/?id=${id}`, captured]);
    expect(request?.headers).toEqual({
      host: peer.address,
      connection: 'keep-alive',
      'content-type': 'application/json',
      'content-length': String(captured.length),
    });
  });

  it('finds our subscriptions by the record that it makes itself', async () => {
    await using stage = new Stage();
    const broker = await stage.broker();
    await broker.subscribe('t.y', async () => {});
    await broker.subscribe('t.y', async () => {}, { queue: 'mailer' });
    const records = await stage.registry().lookup('micro.http.broker');
    expect(records.map(({ version }) => version).sort()).toEqual(['ff.http.broadcast', 'mailer']);
    for (const { metadata, endpoints, nodes } of records) {
      expect([{ ...metadata }, endpoints, nodes.length]).toEqual([{}, [], 1]);
      expect(nodes[0]?.id).toMatch(/^t\.y-[0-9a-f]{8}-[0-9a-f-]{27}$/);
      expect(nodes[0]?.address).toMatch(/^127\.0\.0\.1:\d+$/);
      expect({ ...nodes[0]?.metadata }).toEqual({
        broker: 'http',
        topic: 't.y',
        secure: 'false',
        'tenon-delivery': 'atMostOnce',
        'tenon-max-in-flight': '256',
        'tenon-ack-wait-ms': '30000',
      });
    }
  });

  it('reaches our subscriptions with its request, and is answered as by its own', async () => {
    await using stage = new Stage();
    const broker = await stage.broker();
    const deliveries: Delivery[] = [];
    await broker.subscribe('t.y', async (delivery) => void deliveries.push(delivery));
    const [record] = await stage.registry().lookup('micro.http.broker');
    const [node] = record?.nodes ?? [];
    const response = await fetch(`http://${node?.address}/?id=${node?.id}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'Go-http-client/1.1' },
      body: captured,
    });
    expect([response.status, await response.text()]).toEqual([200, '']);
    await eventually(() => expect(deliveries).toHaveLength(1), within);
    const [delivery] = deliveries;
    expect([delivery?.topic, delivery?.attempt]).toEqual(['t.y', 1]);
    const { timeMs, ...rest } = deliveries[0]!.message;
    expect({ ...rest, body: Buffer.from(rest.body).toString(), metadata: { ...rest.metadata } }).toEqual({
      id: message.id,
      contentType: 'application/json',
      body: '{"name":"p"}\n',
      metadata: { foo: 'bar' },
    });
    // It carries no time: that of the arrival stands for it.
    expect(Math.abs(timeMs - Date.now())).toBeLessThan(60_000);
  });

  it('has one member of its queue called, and another where one refuses', async () => {
    await using stage = new Stage();
    const members = await Promise.all([RawSubscriber.open(), RawSubscriber.open()]);
    const metadata = { broker: 'http', topic: 't.y', secure: 'false' };
    for (const [index, member] of members.entries()) {
      stage.onEnd(async () => member.close());
      await stage.subscriber('mailer', { id: `t.y-${index}`, address: member.address, metadata });
    }
    const dead = { id: 't.y-dead', address: '127.0.0.1:9', metadata };
    await stage.subscriber('mailer', dead);
    const broker = await stage.broker();
    const ids = idsFrom('m', 30);
    for (const id of ids) await broker.publish('t.y', messageOf(id));
    const arrived = (): readonly string[] => members.flatMap((member) => member.ids).sort();
    await eventually(() => expect(arrived()).toEqual([...ids].sort()), within);
    for (const member of members) expect(member.ids.length).toBeGreaterThan(0);
  });

  it('has no message handled twice by us, whatever it answers', async () => {
    await using stage = new Stage();
    const broken = await RawSubscriber.open((response) => void response.destroy());
    stage.onEnd(async () => broken.close());
    const metadata = { broker: 'http', topic: 't.y', secure: 'false' };
    await stage.subscriber('ff.http.broadcast', { id: 't.y-1', address: broken.address, metadata });
    const broker = await stage.broker();
    await broker.publish('t.y', messageOf('m1'));
    await broker.publish('t.y', messageOf('m2'));
    await eventually(() => expect(stage.log.at('warn', 'messages were dropped')).toHaveLength(1), within);
    await eventually(() => expect(broken.ids).toEqual(['m1', 'm2']), within);
  });
});

describe('a message of go-micro for a subscription at least once', () => {
  it('is kept here, and comes again where its handler rejects', async () => {
    await using stage = new Stage();
    const broker = await stage.broker({ spool: await stage.folder() });
    const attempts: number[] = [];
    const handler = async ({ attempt }: Delivery): Promise<void> => {
      attempts.push(attempt);
      if (attempt < 3) throw new Error('not yet');
    };
    await broker.subscribe('t.y', handler, { queue: 'mailer', backoff: { baseMs: 20 } });
    const [record] = await stage.registry().lookup('micro.http.broker');
    const [node] = record?.nodes ?? [];
    const response = await fetch(`http://${node?.address}/?id=${node?.id}`, { method: 'POST', body: captured });
    expect(response.status).toBe(200);
    await eventually(() => expect(attempts).toEqual([1, 2, 3]), within);
  });
});
