import { readFileSync } from 'node:fs';
import { type Message, ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packEnvelope, unpackEnvelope } from './go-micro-envelope.js';

const message: Message = {
  id: '2eccbadf-0000-4000-8000-000000000001',
  timeMs: 1,
  contentType: 'application/json',
  body: Buffer.from('{"name":"p"}\n'),
  metadata: { foo: 'bar' },
};
/** Captured from go-micro; the id, of which the capture shows the first half, is filled up. */
const captured =
  '{"Header":{"Content-Type":"application/json","Foo":"bar","Micro-ID":"2eccbadf-0000-4000-8000-000000000001","Micro-Topic":"t.y"},"Body":"eyJuYW1lIjoicCJ9Cg=="}';

describe('the go-micro envelope', () => {
  it('is written as go-micro writes it, byte for byte, and as the page shows it', () => {
    expect(packEnvelope('t.y', message).toString()).toBe(captured);
    const page = readFileSync(new URL('../../../../docs/wire/http-broker.md', import.meta.url), 'utf8');
    expect(page).toContain(captured);
  });

  it('is read as it was written, without the time', () => {
    const { timeMs: _, ...rest } = message;
    expect(unpackEnvelope(Buffer.from(captured))).toEqual({ topic: 't.y', message: rest });
  });

  it('escapes what Go escapes, and lets no metadata pass itself off as the message’s own', () => {
    const metadata = { 'micro-id': 'evil', 'micro-topic': 'evil', 'content-type': 'evil', text: '<a>&\u2028 ☕' };
    const text = packEnvelope('t.y', { ...message, metadata }).toString();
    expect(text).toContain('"Text":"\\u003ca\\u003e\\u0026\\u2028 ☕"');
    expect(text).not.toContain('evil');
  });

  it('carries any message there and back', () => {
    const key = fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/).filter((one) => !own.includes(one));
    const value = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !/\p{Cc}/u.test(text));
    const messages = fc.record({
      id: fc.oneof(fc.uuid(), value),
      timeMs: fc.constant(1),
      contentType: value,
      body: fc.uint8Array({ maxLength: 100 }),
      metadata: fc.dictionary(key, value, { maxKeys: 6 }),
    });
    fc.assert(
      fc.property(messages, (given) => {
        const { topic, message: read } = unpackEnvelope(packEnvelope('t.y', given));
        expect([topic, read.id, read.contentType]).toEqual(['t.y', given.id, given.contentType]);
        expect(Buffer.from(read.body)).toEqual(Buffer.from(given.body));
        expect(Object.entries(read.metadata).sort()).toEqual(Object.entries(given.metadata).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('reads any bytes as a message or refuses them', () => {
    const whole = Buffer.from(captured);
    const damaged = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => {
      const copy = Buffer.from(whole);
      copy[at] = byte;
      return copy;
    });
    const anything = fc.oneof(
      damaged,
      fc.uint8Array({ maxLength: 80 }),
      fc.json().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(anything, (bytes) => {
        try {
          expect(unpackEnvelope(Buffer.from(bytes)).topic).not.toBe('');
        } catch (error) {
          expect([error instanceof ServiceError, (error as ServiceError).code]).toEqual([true, 'InvalidArgument']);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

const own = ['micro-id', 'micro-topic', 'content-type', 'traceparent'];
