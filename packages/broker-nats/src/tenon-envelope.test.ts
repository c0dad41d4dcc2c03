import { MsgHdrsImpl } from '@nats-io/transport-node';
import { rejectsWith } from '@tenon/conformance';
import { type Message, ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Packet, Received } from './envelope.js';
import { TenonEnvelope } from './tenon-envelope.js';

const envelope = new TenonEnvelope();

const plain: Message = {
  id: '3f0c1c52-9a5e-4c5e-8f0e-0a1b2c3d4e5f',
  timeMs: 1_767_225_600_123,
  contentType: 'application/msgpack',
  body: Buffer.from('81a26964 01'.replaceAll(' ', ''), 'hex'),
  metadata: {},
};

/** These bytes stand in docs/wire/nats-envelope.md. */
const golden: readonly (readonly [string, Message, string])[] = [
  ['a plain message', plain, 'e1 00 01 3f0c1c529a5e4c5e8f0e0a1b2c3d4e5f 0000019b76daa87b 81a2696401'],
  [
    'a traced message',
    { ...plain, traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' },
    'e1 01 01 3f0c1c529a5e4c5e8f0e0a1b2c3d4e5f 0000019b76daa87b 000af7651916cd43dd8448eb211c80319cb7ad6b716920333101 81a2696401',
  ],
  [
    'a message with an id and a content type that have no short form',
    { ...plain, id: 'order 42', contentType: 'text/plain', body: Buffer.from('hi') },
    'e1 02 00 00000000000000000000000000000000 0000019b76daa87b 0a746578742f706c61696e 086f72646572203432 6869',
  ],
  [
    'a message with metadata',
    { ...plain, contentType: 'application/json', body: Buffer.from('{}'), metadata: { zone: 'eu' } },
    'e1 04 02 3f0c1c529a5e4c5e8f0e0a1b2c3d4e5f 0000019b76daa87b 7b7d',
  ],
];

describe('the Tenon envelope', () => {
  for (const [what, message, hex] of golden) {
    it(`writes ${what} byte for byte, and reads it`, () => {
      const packet = envelope.pack('t.y', message);
      expect(Buffer.from(packet.payload).toString('hex')).toBe(hex.replaceAll(' ', ''));
      expect(fields(envelope.unpack(overTheWire(packet)))).toEqual(fields(message));
    });
  }

  it('puts metadata, and nothing else, into NATS headers', () => {
    expect(envelope.pack('t.y', plain).headers).toBeUndefined();
    const { headers, payload, bytes } = envelope.pack('t.y', { ...plain, metadata: { zone: 'eu', a: ' b%\t' } });
    expect(headers?.toString()).toBe('NATS/1.0\r\nzone: eu\r\na: %20b%25%09\r\n\r\n');
    expect(bytes).toBe(payload.length + (headers as MsgHdrsImpl).encode().length);
  });

  it('counts the bytes of metadata beyond ASCII as the server does', () => {
    const { headers, payload, bytes } = envelope.pack('t.y', { ...plain, metadata: { cup: '☕ 👩‍🚀' } });
    expect(bytes).toBe(payload.length + (headers as MsgHdrsImpl).encode().length);
  });

  it('parses headers when metadata is asked for, once, and never before', () => {
    let reads = 0;
    const { data, headers } = overTheWire(envelope.pack('t.y', { ...plain, metadata: { zone: 'eu' } }));
    const message = envelope.unpack({
      data,
      get headers() {
        reads += 1;
        return headers as MsgHdrsImpl;
      },
    });
    expect([message.id, message.timeMs, reads]).toEqual([plain.id, plain.timeMs, 0]);
    expect([message.metadata['zone'], message.metadata['zone'], reads]).toEqual(['eu', 'eu', 1]);
  });

  it('leaves headers alone that no Tenon publisher announced', () => {
    const { data } = overTheWire(envelope.pack('t.y', plain));
    const received: Received = {
      data,
      get headers(): never {
        throw new Error('read');
      },
    };
    expect(Object.keys(envelope.unpack(received).metadata)).toEqual([]);
  });

  it('reads metadata that breaks the rules as none', () => {
    const packet = envelope.pack('t.y', { ...plain, metadata: { zone: 'eu' } });
    const headers = MsgHdrsImpl.fromRecord({ 'bad key': ['x'], zone: ['eu'] });
    expect(Object.keys(envelope.unpack({ data: packet.payload, headers }).metadata)).toEqual([]);
  });

  it('refuses metadata that would break out of its header', async () => {
    for (const metadata of [{ a: 'x\r\nevil: 1' }, { 'a\r\nb': 'x' }, { 'a:b': 'x' }]) {
      const failure = await rejectsWith(async () => envelope.pack('t.y', { ...plain, metadata }), 'InvalidArgument');
      expect(failure.executed).toBe('no');
    }
  });

  it('leaves out what is not a traceparent', () => {
    const packet = envelope.pack('t.y', { ...plain, traceparent: 'not a trace' });
    expect(envelope.unpack(overTheWire(packet)).traceparent).toBeUndefined();
  });

  it('refuses an id that is too long and a time that is none', async () => {
    for (const change of [{ id: 'x'.repeat(256) }, { timeMs: -1 }, { timeMs: Number.NaN }, { timeMs: 2 ** 60 }]) {
      await rejectsWith(async () => envelope.pack('t.y', { ...plain, ...change }), 'InvalidArgument');
    }
  });

  it('carries any message there and back', () => {
    const short = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((text) => Buffer.byteLength(text) <= 255);
    const key = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/);
    const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((given) => !/\p{Cc}/u.test(given));
    const edge = fc.constantFrom('', ' ', '\t', '\u00a0', '%', '%20', '%zz', '\ufeff');
    const value = fc.tuple(edge, text, edge).map((parts) => parts.join(''));
    const messages = fc.record({
      id: fc.oneof(
        fc.uuid(),
        short,
        fc.uuid().map((id) => id.toUpperCase()),
      ),
      timeMs: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      contentType: fc.oneof(fc.constantFrom('application/msgpack', 'application/json', ''), short),
      body: fc.uint8Array({ maxLength: 100 }),
      metadata: fc.dictionary(key, value, { maxKeys: 6 }),
      traceparent: fc.option(fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/), {
        nil: undefined,
      }),
    });
    fc.assert(
      fc.property(messages, (message) => {
        expect(fields(envelope.unpack(overTheWire(envelope.pack('t.y', message))))).toEqual(fields(message));
      }),
      { numRuns: 500 },
    );
  });

  it('reads any bytes as a message or refuses them, and never past their end', () => {
    const packet = envelope.pack('t.y', {
      ...plain,
      id: 'order 42',
      contentType: 'text/plain',
      traceparent: golden[1]?.[1].traceparent,
    });
    const whole = Buffer.from(packet.payload);
    const bodyAt = whole.length - plain.body.length;
    for (let length = 0; length < bodyAt; length++) refusedOrRead(whole.subarray(0, length), false);
    const damaged = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
      const copy = Buffer.from(whole);
      copy[at] = byte;
      return copy;
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), damaged), (bytes) => refusedOrRead(bytes, undefined)),
      { numRuns: 2_000 },
    );
  });
});

function refusedOrRead(bytes: Uint8Array, isReadable: boolean | undefined): void {
  try {
    const message = envelope.unpack({ data: bytes });
    expect(isReadable).not.toBe(false);
    expect(message.body.length).toBeLessThanOrEqual(bytes.length);
    expect(typeof message.id).toBe('string');
  } catch (failure) {
    expect(failure).toBeInstanceOf(ServiceError);
    expect((failure as ServiceError).code).toBe('InvalidArgument');
  }
}

/** What the subscriber's client makes of a packet. */
function overTheWire({ payload, headers }: Packet): Received {
  if (headers === undefined) return { data: payload };
  return { data: payload, headers: MsgHdrsImpl.decode((headers as MsgHdrsImpl).encode()) };
}

function fields(message: Message): unknown {
  const { id, timeMs, contentType, body, metadata, traceparent } = message;
  const sorted = Object.entries(metadata).sort(([left], [right]) => (left < right ? -1 : 1));
  return { id, timeMs, contentType, body: Buffer.from(body).toString('hex'), metadata: sorted, traceparent };
}
