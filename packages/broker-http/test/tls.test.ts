import { connect } from 'node:http2';
import { eventually } from '@tenon/conformance';
import { describe, expect, it } from 'vitest';
import { pem, testTls } from '../../../test/tls/test-tls.js';
import { idsFrom, messageOf, Stage } from './stage.js';

const within = { withinMs: 10_000 };

describe('under TLS', () => {
  for (const mutual of [false, true]) {
    it(`messages arrive at both levels, ${mutual ? 'with' : 'without'} certificates of publishers`, async () => {
      await using stage = new Stage();
      const tls = testTls({ mutual });
      const subscriber = await stage.broker({ spool: await stage.folder() }, { tls });
      const received: string[] = [];
      for (const delivery of ['atMostOnce', 'atLeastOnce'] as const) {
        await subscriber.subscribe(
          'user.created',
          async ({ message }) => void received.push(`${message.id} ${delivery}`),
          {
            delivery,
          },
        );
      }
      const publisher = await stage.broker({ spool: await stage.folder() }, { tls });
      const ids = idsFrom('m', 20);
      for (const id of ids) await publisher.publish('user.created', messageOf(id));
      const wanted = ids.flatMap((id) => [`${id} atLeastOnce`, `${id} atMostOnce`]).sort();
      await eventually(() => expect(received.toSorted()).toEqual(wanted), within);
      const [record] = await stage.registry().lookup('micro.http.broker');
      expect(record?.nodes[0]?.metadata['secure']).toBe('true');
    });
  }

  it('HTTP/2 is spoken too, as go-micro does', async () => {
    await using stage = new Stage();
    const subscriber = await stage.broker({}, { tls: testTls() });
    const received: string[] = [];
    await subscriber.subscribe('t.y', async ({ message }) => void received.push(message.id));
    const [record] = await stage.registry().lookup('micro.http.broker');
    const [node] = record?.nodes ?? [];
    const session = connect(`https://${node?.address}`, { ca: pem('ca') });
    stage.onEnd(async () => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': `/?id=${node?.id}` });
    const status = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])));
    stream.end('{"Header":{"Micro-ID":"m1","Micro-Topic":"t.y"},"Body":"aGk="}');
    expect(await status).toBe(200);
    await eventually(() => expect(received).toEqual(['m1']), within);
  });

  it('a message that takes too long to arrive is answered so on HTTP/2 too, where the server has no such limit', async () => {
    await using stage = new Stage();
    const subscriber = await stage.broker({ requestTimeoutMs: 200 }, { tls: testTls() });
    await subscriber.subscribe('t.y', async () => {});
    const [record] = await stage.registry().lookup('micro.http.broker');
    const session = connect(`https://${record?.nodes[0]?.address}`, { ca: pem('ca') });
    stage.onEnd(async () => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': `/?id=${record?.nodes[0]?.id}` });
    stream.on('error', () => {});
    const status = new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])));
    stream.write('{"Header":');
    expect(await status).toBe(408);
  });

  it('nothing goes to a subscriber in the clear, nor to one whose authority is not trusted', async () => {
    await using stage = new Stage();
    const received: string[] = [];
    const clear = await stage.broker();
    await clear.subscribe('user.created', async ({ message }) => void received.push(message.id));
    const strange = testTls({ material: { ca: pem('stranger'), cert: pem('stranger'), key: pem('stranger-key') } });
    const stranger = await stage.broker({}, { tls: strange });
    await stranger.subscribe('user.created', async ({ message }) => void received.push(message.id));
    const publisher = await stage.broker({ maxPendingMs: 300 }, { tls: testTls() });
    await publisher.publish('user.created', messageOf('m1'));
    await eventually(() => {
      expect(stage.log.at('warn', 'one side has TLS')).not.toEqual([]);
      expect(stage.log.at('warn', 'messages were dropped')).not.toEqual([]);
    }, within);
    expect(received).toEqual([]);
  });
});
