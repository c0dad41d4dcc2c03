import { rejectsWith } from '@tenon/conformance';
import { type Message, ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packRecord, unpackRecord } from './record.js';

const plain: Message = {
  id: '3f0c1c52-9a5e-4c5e-8f0e-0a1b2c3d4e5f',
  timeMs: 1_767_225_600_123,
  contentType: 'application/msgpack',
  body: Buffer.from('81a2696401', 'hex'),
  metadata: {},
};

/** These bytes stand in docs/wire/redis-broker.md. */
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
    'e1 08 02 3f0c1c529a5e4c5e8f0e0a1b2c3d4e5f 0000019b76daa87b 0000000d 7b227a6f6e65223a226575227d 7b7d',
  ],
];

describe('a record', () => {
  for (const [what, message, hex] of golden) {
    it(`of ${what} is written byte for byte, and read`, () => {
      const record = packRecord(message);
      expect(record.toString('hex')).toBe(hex.replaceAll(' ', ''));
      expect(fields(unpackRecord(record))).toEqual(fields(message));
    });
  }

  it('carries any message', () => {
    const messages = fc.record({
      id: fc.oneof(fc.uuid(), fc.string({ minLength: 36, maxLength: 36 }), fc.string({ maxLength: 60 })),
      timeMs: fc.nat(Number.MAX_SAFE_INTEGER),
      contentType: fc.constantFrom('application/msgpack', 'text/plain', ''),
      body: fc.uint8Array({ maxLength: 200 }),
      metadata: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.stringMatching(/^[ -~é☕]{0,20}$/u)),
    });
    fc.assert(
      fc.property(messages, (message) => {
        expect(fields(unpackRecord(packRecord(message)))).toEqual(fields(message));
      }),
    );
  });

  it('that is anything else is refused, or read, and nothing else', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ minLength: 26, maxLength: 80 }).map((rest) => Uint8Array.of(0xe1, ...rest)),
    );
    fc.assert(
      fc.property(bytes, (record) => {
        try {
          unpackRecord(Buffer.from(record));
        } catch (failure) {
          expect(failure).toBeInstanceOf(ServiceError);
          expect((failure as ServiceError).code).toBe('InvalidArgument');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('that ends inside its prefix is refused, wherever that is', async () => {
    const record = packRecord({ ...plain, id: 'order 42', contentType: 'text/plain', metadata: { zone: 'eu' } });
    for (let length = 0; length < record.length - plain.body.length; length++)
      await rejectsWith(async () => unpackRecord(record.subarray(0, length)), 'InvalidArgument');
  });

  it('has no more than its fields hold', async () => {
    await rejectsWith(async () => packRecord({ ...plain, id: 'x'.repeat(256) }), 'InvalidArgument');
    await rejectsWith(async () => packRecord({ ...plain, timeMs: -1 }), 'InvalidArgument');
  });
});

function fields({ id, timeMs, contentType, body, metadata, traceparent }: Message): unknown {
  return [id, timeMs, contentType, Buffer.from(body).toString('hex'), { ...metadata }, traceparent];
}
