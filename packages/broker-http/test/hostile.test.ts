import { connect } from 'node:net';
import { eventually } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import { messageOf, Stage } from './stage.js';

const envelope = '{"Header":{"Micro-Topic":"t.y","Micro-ID":"m1"},"Body":"aGk="}';

/** What is posted, and how it is answered. */
const posts: readonly (readonly [string, string, number])[] = [
  ['nothing', '', 500],
  ['no JSON', '{"Header":', 500],
  ['JSON that is no envelope', '[]', 500],
  ['null', 'null', 500],
  ['no topic', '{"Header":null,"Body":null}', 500],
  ['a header that is none', '{"Header":[],"Body":""}', 500],
  ['a header of numbers', '{"Header":{"Micro-Topic":1},"Body":""}', 500],
  ['a body that is no base64', '{"Header":{"Micro-Topic":"t.y"},"Body":"a b"}', 500],
  ['a body of another type', '{"Header":{"Micro-Topic":"t.y"},"Body":{}}', 500],
  ['another topic', '{"Header":{"Micro-Topic":"t.z"},"Body":""}', 500],
  ['a deep nest', `${'['.repeat(50_000)}${']'.repeat(50_000)}`, 413],
  ['bytes that are no text', '\ud800\u0000', 500],
  ['far more than may be', 'x'.repeat(20_000_000), 413],
  ['more than may be', JSON.stringify({ Header: { 'Micro-Topic': 't.y' }, Body: 'A'.repeat(70_000) }), 413],
];

describe('a broker’s server', () => {
  it('answers what it cannot use with an error, and goes on', async () => {
    await using stage = new Stage();
    const { url, received, host, port } = await subscribed(stage);
    for (const [what, body, status] of posts) {
      const response = await fetch(url, { method: 'POST', body });
      expect(response.status, what).toBe(status);
      expect(await response.json(), what).toMatchObject({ id: 'go.micro.broker', code: status });
    }
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await fetch(url, { method });
      expect([response.status, ((await response.json()) as { detail: string }).detail], method).toEqual([
        405,
        'Method not allowed',
      ]);
    }
    for (const id of ['', 'nobody', '%', '__proto__', 'a'.repeat(10_000)]) {
      const response = await fetch(`http://${host}:${port}/?id=${id}`, { method: 'POST', body: envelope });
      expect(response.status, id).toBe(404);
    }
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'tenon-sequence': '-1', 'tenon-lane': 'x'.repeat(500), 'tenon-attempt': 'NaN', 'tenon-time': '1e9' },
      body: envelope,
    });
    expect(response.status).toBe(200);
    await eventually(() => expect(received).toEqual(['m1']), { withinMs: 10_000 });
    expect(stage.log.at('warn', 'requests to the broker were refused')).toHaveLength(1);
  });

  it('ends connections that say no HTTP, or take too long over it', async () => {
    await using stage = new Stage();
    const { received, url, host, port } = await subscribed(stage);
    const beginnings = [
      '\u0016\u0003\u0001\u0000\u0000',
      'NONSENSE\r\n\r\n',
      'POST /?id=x HTTP/1.1\r\nHost: a\r\n',
      'POST /?id=x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"Hea',
      'POST /?id=x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
      `POST /?id=x HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
    ];
    await Promise.all(beginnings.map((beginning) => ended(host, port, beginning)));
    const response = await fetch(url, { method: 'POST', body: envelope });
    expect(response.status).toBe(200);
    await eventually(() => expect(received).toEqual(['m1']), { withinMs: 10_000 });
  });
});

describe('a publisher', () => {
  it('leaves out records that are no subscription', async () => {
    await using stage = new Stage();
    const metadata = { broker: 'http', topic: 'user.created', secure: 'false' };
    const strange = [
      { id: 'a', address: 'no address', metadata },
      { id: 'b', address: '127.0.0.1:99999/../', metadata },
      { id: 'c', address: '127.0.0.1:9', metadata: { ...metadata, broker: 'nats' } },
      { id: 'd', address: '127.0.0.1:9', metadata: { ...metadata, topic: '' } },
      { id: 'e', address: '127.0.0.1:9', metadata: { ...metadata, topic: 'a..b', 'tenon-delivery': 'atMostOnce' } },
      { id: 'f', address: '127.0.0.1:99999', metadata },
    ];
    for (const node of strange) await stage.subscriber('ff.http.broadcast', node);
    const { received } = await subscribed(stage, 'user.created');
    const publisher = await stage.broker({ maxPendingMs: 100 });
    await publisher.publish('user.created', messageOf('m1'));
    await eventually(() => expect(received).toEqual(['m1']), { withinMs: 10_000 });
  });
});

async function subscribed(stage: Stage, topic = 't.y') {
  const broker = await stage.broker({ maxMessageBytes: 64 * 1_024, requestTimeoutMs: 500 });
  const received: string[] = [];
  const own = new Set(
    (await stage.registry().lookup('micro.http.broker')).flatMap(({ nodes }) => nodes.map(({ id }) => id)),
  );
  await broker.subscribe(topic, async ({ message }) => void received.push(message.id));
  const records = await stage.registry().lookup('micro.http.broker');
  const node = records.flatMap(({ nodes }) => nodes).find(({ id }) => !own.has(id));
  const [host = '', port = ''] = node?.address.split(':') ?? [];
  return { received, url: `http://${node?.address}/?id=${node?.id}`, host, port: Number(port) };
}

/** Resolves when the other side has ended the connection. */
function ended(host: string, port: number, beginning: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write(beginning, 'latin1'));
    socket.on('error', () => {});
    socket.on('data', () => {});
    socket.on('close', () => resolve());
  });
}
