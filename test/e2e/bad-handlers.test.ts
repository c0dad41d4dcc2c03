import { memoryBroker, ServiceError, wrapped } from 'tenon';
import { expect, test } from 'vitest';
import { atDesk, Noted } from './desk.js';
import { errorIn, post } from './raw-http.js';

// What a service does wrong itself: its caller gets a typed error without its secrets, and the next call is served.

test.each(['string', 'null', 'undefined', 'number', 'error', 'object'])(
  'a handler that throws a value like %s: the caller gets Internal and an id, the log has the rest',
  (how) =>
    atDesk(async ({ port, client, logged }) => {
      const reply = await post(port, '/desk/Desk.Fail', JSON.stringify({ how }));
      const error = errorIn(reply);
      expect([reply.status, error]).toMatchObject([
        500,
        {
          code: 'Internal',
          executed: 'yes',
          service: 'desk',
          endpoint: 'Desk.Fail',
          correlationId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
      ]);
      expect(error['message']).toContain(error['correlationId']);
      const typed: unknown = await client.fail({ how }).catch((thrown: unknown) => thrown);
      expect(typed).toMatchObject({ code: 'Internal', executed: 'yes', correlationId: expect.any(String) });
      for (const told of [reply.body.toString(), JSON.stringify(typed), String((typed as Error).stack)]) {
        expect(told).not.toMatch(/secret|TypeError|desk\.ts/);
      }
      const line = logged.find((one) => one.includes(String(error['correlationId'])));
      expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'error', service: 'desk', endpoint: 'Desk.Fail' });
      if (!['null', 'undefined', 'number'].includes(how)) expect(line).toContain('secret');
    }),
);

test('what a handler throws over mucp leaks nothing either', () =>
  atDesk(async ({ port }) => {
    for (const how of ['string', 'null', 'error', 'object']) {
      const headers = { 'content-type': 'application/json', 'micro-service': 'desk', 'micro-endpoint': 'Desk.Fail' };
      const reply = await post(port, '/', JSON.stringify({ how }), headers);
      expect(JSON.parse(reply.headers['micro-error'] ?? '{}'), how).toMatchObject({ code: 500 });
      expect(JSON.stringify(reply.headers) + reply.body.toString(), how).not.toContain('secret');
    }
  }));

test('an event handler that throws is logged with event and subscriber, and gets the next event', () =>
  atDesk(async ({ caller, desk, logged }) => {
    const publisher = caller.publisher(Noted);
    await publisher.publish({ text: 'throw' });
    await publisher.publish({ text: 'after' });
    await expect.poll(() => (desk.received.at(-1) as Noted | undefined)?.text).toBe('after');
    await expect.poll(() => logged.find((line) => line.includes('secret of an event'))).toBeDefined();
    const line = logged.find((one) => one.includes('secret of an event'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({ level: 'error', subscriber: 'Desk.onNoted', topic: 'desk.noted' });
  }));

test('a handler that fails to publish ran, so nobody runs it again', () => {
  const away = wrapped(memoryBroker(), (inner) => ({
    capabilities: inner.capabilities,
    contentType: inner.contentType,
    subscribe: (...parameters) => inner.subscribe(...parameters),
    publish: () => Promise.reject(new ServiceError('Unavailable', 'the broker is away', { executed: 'no' })),
    close: () => inner.close(),
  }));
  return atDesk(async ({ client, desk }) => {
    await expect(client.note({ text: 7 })).rejects.toMatchObject({ code: 'InvalidArgument', executed: 'yes' });
    await expect(client.note({ text: 'hi' })).rejects.toMatchObject({ code: 'Unavailable', executed: 'yes' });
    expect(desk.received).toEqual([7, 'hi']);
  }, away);
});

const json = 'application/json';
const msgpack = 'application/msgpack';

test.each([
  ['function', json, /\.items\[0\]\.callback is a function/],
  ['function', msgpack, /function/],
  ['symbol', json, /\.mark is a symbol/],
  ['symbol', msgpack, /symbol/],
  ['bigint', json, /\.count is a bigint/],
  ['bigint', msgpack, /bigint|integer/i],
  ['cycle', json, /contains itself/],
  ['cycle', msgpack, /deep|itself/],
  ['deep', json, /more than 64 deep/],
  ['deep', msgpack, /more than 64 deep/],
])(
  'a reply that cannot be encoded, a %s in %s: an error that says it ran and why it was lost',
  (what, contentType, why) =>
    atDesk(async ({ port, client, logged }) => {
      const headers = { 'content-type': json, accept: contentType };
      const reply = await post(port, '/desk/Desk.Give', JSON.stringify({ what }), headers);
      expect([reply.status, reply.headers['content-type'], errorIn(reply)]).toMatchObject([
        500,
        json,
        { code: 'Internal', executed: 'yes', message: expect.stringMatching(why) },
      ]);
      expect(reply.body.toString()).not.toContain('secret');
      await expect(client.give({ what }, { contentType })).rejects.toMatchObject({
        code: 'Internal',
        executed: 'yes',
        service: 'desk',
        endpoint: 'Desk.Give',
        rawMessage: expect.stringMatching(why),
      });
      expect(logged.some((line) => line.includes('a reply could not be encoded') && line.includes('Desk.Give'))).toBe(
        true,
      );
    }),
);

test('a reply over 4 MiB is an error that says it ran', () =>
  atDesk(async ({ port, client }) => {
    const large = await post(port, '/desk/Desk.Give', '{"what":"large"}');
    expect(errorIn(large)).toMatchObject({ executed: 'yes', message: expect.stringContaining('4194304') });
    await expect(client.give({ what: 'large' })).rejects.toMatchObject({ executed: 'yes' });
  }));

test('a reply without a value is null in JSON and a reply all the same', () =>
  atDesk(async ({ port }) => {
    const reply = await post(port, '/desk/Desk.Give', '{"what":"nothing"}');
    expect([reply.status, reply.body.toString()]).toEqual([200, 'null']);
  }));
