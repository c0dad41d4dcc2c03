import { rejectsWith } from '@tenon/conformance';
import type { Message } from '@tenon/contract';
import type { Message as AmqpMessage } from 'amqplib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asItCame, attemptOf, pack, type Unpacked, unpack as unpackAt } from './message-form.js';

const message: Message = {
  id: '2eccbadf-0000-4000-8000-000000000001',
  timeMs: 1_767_225_600_123,
  contentType: 'application/json',
  body: Buffer.from('{"name":"p"}\n'),
  metadata: { foo: 'bar' },
};

describe('the form of a message', () => {
  it('is that of go-micro, with the time beside it', () => {
    const { content, headers } = pack('t.y', message);
    expect(content.toString()).toBe('{"name":"p"}\n');
    expect({ ...headers }).toEqual({
      'Content-Type': 'application/json',
      Foo: 'bar',
      'Micro-ID': message.id,
      'Micro-Topic': 't.y',
      'Tenon-Time': '1767225600123',
    });
  });

  it('spells keys as Go does and reads them in lower case, also what a plain object would lose', () => {
    const metadata = JSON.parse('{"x-request-id":"1","a--b":"2","__proto__":"3","constructor":"4"}');
    const { headers } = pack('t.y', { ...message, metadata });
    expect(Object.keys(headers)).toEqual(expect.arrayContaining(['X-Request-Id', 'A--B', '__PROTO__', 'Constructor']));
    expect(Object.entries(unpack(received({ headers })).message.metadata).sort()).toEqual(
      Object.entries(metadata).sort(),
    );
  });

  it('carries the trace as the header that go-micro’s wrapper uses', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { headers } = pack('t.y', { ...message, traceparent });
    expect(headers['Traceparent']).toBe(traceparent);
    expect(unpack(received({ headers })).message).toMatchObject({ traceparent, metadata: { foo: 'bar' } });
  });

  it('lets no metadata pass itself off as the message’s own fields, nor as attempts or what RabbitMQ notes', () => {
    const metadata = {
      'micro-id': 'evil',
      'micro-topic': 'evil',
      'content-type': 'evil',
      'tenon-time': '1',
      'tenon-attempts': '9',
      traceparent: 'evil',
      'x-delivery-count': '9',
    };
    const { headers } = pack('t.y', { ...message, metadata });
    const delivery = received({ headers });
    expect(unpack(delivery)).toMatchObject({ topic: 't.y', message: { ...message, metadata: {} } });
    expect(attemptOf(delivery)).toBe(1);
  });

  it('tells by header and count which attempt a delivery is', () => {
    const { headers } = pack('t.y', message, 2);
    expect(attemptOf(received({ headers: { ...headers, 'x-delivery-count': 3 } }))).toBe(6);
    for (const bad of ['x', -1, 1.5, '1e99', null, []]) {
      expect(attemptOf(received({ headers: { 'Tenon-Attempts': bad, 'x-delivery-count': bad } }))).toBe(1);
    }
    expect(unpack(received({ headers })).message.metadata).toEqual(message.metadata);
  });

  it('has its topic from the routing key, and from the header where it comes by the name of its queue', () => {
    const { headers } = pack('t.y', message);
    expect(unpack(received({ headers }, { routingKey: 't.z' })).topic).toBe('t.z');
    expect(unpack(received({ headers }, { exchange: '', routingKey: 'tenon:mailer@t.y' })).topic).toBe('t.y');
  });

  it('leaves out what RabbitMQ notes of a message that was dead-lettered', () => {
    const { headers } = pack('t.y', message);
    const noted = { 'x-death': [{ count: 1 }], 'x-first-death-queue': 'q', 'x-delivery-count': 1 };
    expect(unpack(received({ headers: { ...headers, ...noted } })).message.metadata).toEqual(message.metadata);
  });

  it('reads metadata that breaks the rules as none, and other values than strings as nothing', () => {
    expect({ ...unpack(received({ headers: { 'bad key': 'x', a: 'b' } })).message.metadata }).toEqual({});
    expect({ ...unpack(received({ headers: { a: 7, b: ['x'], c: 'd' } })).message.metadata }).toEqual({ c: 'd' });
  });

  for (const [properties, fields, reason] of [
    [{ contentEncoding: 'gzip' }, {}, /encoding/],
    [{ headers: { 'Micro-ID': 7 } }, {}, /Micro-ID/],
    [{ headers: { 'content-type': [] } }, {}, /content-type/],
    [{}, { routingKey: '' }, /routing key/],
    [{}, { routingKey: 'a b' }, /routing key/],
    [{}, { exchange: '', routingKey: 't.y' }, /without a topic/],
    [{ headers: { 'Micro-Topic': 'a..b' } }, { exchange: '' }, /routing key/],
  ] as const) {
    it(`refuses ${JSON.stringify([properties, fields])}`, async () => {
      const failure = await rejectsWith(async () => unpack(received(properties, fields)), 'InvalidArgument');
      expect(failure.rawMessage).toMatch(reason);
    });
  }

  it('reads any headers as a message or refuses them, and what it refuses can be kept as it came', () => {
    const value = fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.array(fc.string()), fc.object());
    const key = fc.oneof(fc.constantFrom('Micro-ID', 'Tenon-Time', 'x-death', 'Tenon-Attempts'), fc.string());
    const headers = fc.dictionary(key, value, { maxKeys: 5 });
    fc.assert(
      fc.property(headers, fc.string(), (given, routingKey) => {
        const delivery = received({ headers: given }, { routingKey });
        expect(attemptOf(delivery)).toBeGreaterThanOrEqual(1);
        const kept = asItCame(delivery, 0);
        expect(unpack(received({}, { routingKey: kept.topic })).topic).toBe(kept.topic);
        try {
          expect(typeof unpack(delivery).message.id).toBe('string');
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: 'InvalidArgument' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

function received(properties: object, fields: object = {}): AmqpMessage {
  const at = { deliveryTag: 1, redelivered: false, exchange: 'micro', routingKey: 't.y', ...fields };
  return { content: Buffer.from(message.body), properties: properties as AmqpMessage['properties'], fields: at };
}

function unpack(delivery: AmqpMessage): Unpacked {
  return unpackAt(delivery, 0);
}
