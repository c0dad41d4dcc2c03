import type { ServerResponse } from 'node:http';
import { eventually, rejectsWith } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import type { HttpBroker } from '../src/http-broker.js';
import { RawSubscriber } from './raw-subscriber.js';
import { idsFrom, messageOf, Stage } from './stage.js';

const within = { withinMs: 20_000 };
const count = 300;

/** Subscribers that take nothing, by how. */
const faulty: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'answers 500': (response) => void response.writeHead(500).end('{"id":"go.micro.broker","code":500}'),
  'never answers': () => {},
  'answers a byte at a time': (response) => {
    response.writeHead(200, { 'Content-Length': 1_000_000 });
    const drip = setInterval(() => response.write('x'), 100);
    response.on('close', () => clearInterval(drip));
  },
  'ends the connection': (response) => void response.destroy(),
};

describe.each(Object.keys(faulty))('a subscriber that %s', (how) => {
  for (const level of ['atMostOnce', 'atLeastOnce'] as const) {
    it(`keeps nothing from the others, ${level}`, async () => {
      await using stage = new Stage();
      const { publisher, received, sick } = await fleet(stage, how, level);
      const ids = idsFrom('m', count);
      for (const id of ids) await publisher.publish('user.created', messageOf(id), { delivery: level });
      for (const one of received) await eventually(() => expect([...one].sort()).toEqual([...ids].sort()), within);
      expect(sick.requests.length).toBeGreaterThan(0);
      if (how !== 'never answers') return;
      await eventually(() => {
        if (level === 'atMostOnce') expect(reasons(stage)).toContain('no answer within 300 ms');
        else expect(sick.requests.map(({ headers }) => headers['tenon-attempt'])).toContain('2');
      }, within);
    });
  }
});

describe('at most once', () => {
  it('is tried again within a budget: ten tries, a tenth of what succeeds, and one a second', async () => {
    await using stage = new Stage();
    let requests = 0;
    const half = await RawSubscriber.open((response) => {
      requests += 1;
      response.writeHead(requests % 2 === 0 ? 200 : 500).end();
    });
    stage.onEnd(async () => half.close());
    const metadata = { broker: 'http', topic: 'user.created', secure: 'false' };
    await stage.subscriber('ff.http.broadcast', { id: 'half', address: half.address, metadata });
    const publisher = await stage.broker();
    const began = performance.now();
    for (const id of idsFrom('m', 200)) await publisher.publish('user.created', messageOf(id));
    await eventually(() => expect(half.ids.at(-1)).toBe('m200'), within);
    const seconds = Math.ceil((performance.now() - began) / 1_000);
    expect(half.ids.length).toBeGreaterThan(205);
    expect(half.ids.length).toBeLessThanOrEqual(200 + 10 + 20 + seconds);
  });

  it('refuses a message when nobody has room for it, and drops it for those who have none', async () => {
    await using stage = new Stage();
    const deaf = await RawSubscriber.open(() => {});
    stage.onEnd(async () => deaf.close());
    const metadata = { broker: 'http', topic: 'user.created', secure: 'false' };
    await stage.subscriber('ff.http.broadcast', { id: 'deaf', address: deaf.address, metadata });
    const publisher = await stage.broker({ maxPendingMessages: 10 });
    for (const id of idsFrom('m', 10)) await publisher.publish('user.created', messageOf(id));
    const refused = await rejectsWith(() => publisher.publish('user.created', messageOf('m11')), 'ResourceExhausted');
    expect(refused.message).toContain('maxPendingMessages');
    const received: string[] = [];
    await (await stage.broker()).subscribe('user.created', async ({ message }) => void received.push(message.id));
    await eventually(async () => {
      await publisher.publish('user.created', messageOf('m12'));
      expect(received).toContain('m12');
    }, within);
    expect(stage.log.at('warn', 'messages were dropped')).toHaveLength(1);
  });

  it('drops what waited for maxPendingMs', async () => {
    await using stage = new Stage();
    const metadata = { broker: 'http', topic: 'user.created', secure: 'false' };
    await stage.subscriber('ff.http.broadcast', { id: 'away', address: '127.0.0.1:9', metadata });
    const publisher = await stage.broker({ maxPendingMs: 200 });
    await publisher.publish('user.created', messageOf('m1'));
    await eventually(() => expect(stage.log.at('warn', 'messages were dropped')).toHaveLength(1), within);
    expect(stage.log.at('warn')[0]?.fields).toMatchObject({ subscriber: 'away', reason: 'it waited too long' });
  });

  it('is not handled twice by a subscriber of Tenon’s whose answer was lost', async () => {
    await using stage = new Stage();
    const subscriber = await stage.broker();
    const received: string[] = [];
    await subscriber.subscribe('user.created', async ({ message }) => void received.push(message.id));
    const [record] = await stage.registry().lookup('micro.http.broker');
    const [node] = record?.nodes ?? [];
    let answers = 0;
    // Between the two: passes requests on, and loses every third answer.
    const between = await RawSubscriber.open((response, { url, headers, body }) => {
      void fetch(`http://${node?.address}${url}`, { method: 'POST', headers: tenonsOf(headers), body }).then(
        ({ status }) => {
          answers += 1;
          if (answers % 3 === 0) response.destroy();
          else response.writeHead(status).end();
        },
      );
    });
    stage.onEnd(async () => between.close());
    const other = new Stage();
    stage.onEnd(() => other[Symbol.asyncDispose]());
    await other.subscriber('ff.http.broadcast', { ...node!, address: between.address });
    const publisher = await other.broker();
    const ids = idsFrom('m', 20);
    for (const id of ids) await publisher.publish('user.created', messageOf(id));
    await eventually(() => expect(received).toEqual(ids), within);
    expect(between.requests.length).toBeGreaterThan(20);
  });
});

async function fleet(stage: Stage, how: string, level: 'atMostOnce' | 'atLeastOnce') {
  const sick = await RawSubscriber.open(faulty[how]);
  stage.onEnd(async () => sick.close());
  const tenon = { 'tenon-delivery': level, 'tenon-ack-wait-ms': '300', 'tenon-max-in-flight': '4' };
  const metadata = { broker: 'http', topic: 'user.created', secure: 'false' };
  const node = {
    id: 'sick',
    address: sick.address,
    metadata: level === 'atMostOnce' ? metadata : { ...metadata, ...tenon },
  };
  await stage.subscriber('ff.http.broadcast', node);
  const spooled = async (): Promise<HttpBroker> =>
    stage.broker(level === 'atMostOnce' ? { requestTimeoutMs: 300 } : { spool: await stage.folder() });
  const received: string[][] = [];
  for (const queue of [undefined, 'mailer']) {
    const ids: string[] = [];
    received.push(ids);
    await (await spooled()).subscribe('user.created', async ({ message }) => void ids.push(message.id), { queue });
  }
  return { publisher: await spooled(), received, sick };
}

/** Why messages were dropped. */
function reasons(stage: Stage): readonly unknown[] {
  return stage.log.at('warn', 'messages were dropped').map(({ fields }) => fields['reason']);
}

function tenonsOf(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (name.startsWith('tenon-') ? [[name, String(value)]] : [])),
  );
}
