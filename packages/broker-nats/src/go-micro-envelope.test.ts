import { rejectsWith } from '@tenon/conformance';
import type { Message } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { GoMicroEnvelope } from './go-micro-envelope.js';

const envelope = new GoMicroEnvelope(new FakeClock());

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
  it('writes what go-micro writes, byte for byte', () => {
    const { payload, headers, bytes } = envelope.pack('t.y', message);
    expect(Buffer.from(payload).toString()).toBe(captured);
    expect([headers, bytes]).toEqual([undefined, captured.length]);
  });

  it('reads what go-micro writes, with the time of arrival', () => {
    expect(read(captured)).toEqual({ ...message, timeMs: 1_767_225_600_000 });
  });

  it('spells keys as Go does and reads them in lower case', () => {
    const metadata = { 'x-request-id': '1', 'a--b': '2', zone1: '3' };
    const text = written({ ...message, metadata });
    expect(Object.keys(JSON.parse(text).Header)).toEqual([
      'A--B',
      'Content-Type',
      'Micro-ID',
      'Micro-Topic',
      'X-Request-Id',
      'Zone1',
    ]);
    expect(read(text).metadata).toEqual(metadata);
  });

  it('escapes what Go escapes, and carries any text', () => {
    const metadata = { text: '<a href="x">&\u2028\u2029 ☕ 👩‍🚀\t\\' };
    const text = written({ ...message, metadata });
    expect(text).toContain('\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028\\u2029 ☕ 👩‍🚀\\t\\\\');
    expect(read(text).metadata).toEqual(metadata);
  });

  it('carries the trace as the header that go-micro’s wrapper uses', () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const text = written({ ...message, traceparent });
    expect(JSON.parse(text).Header.Traceparent).toBe(traceparent);
    expect(read(text)).toMatchObject({ traceparent, metadata: { foo: 'bar' } });
  });

  it('lets no metadata pass itself off as the message’s own fields', () => {
    const metadata = { 'micro-id': 'evil', 'micro-topic': 'evil', 'content-type': 'evil' };
    expect(written({ ...message, metadata })).toBe(written({ ...message, metadata: {} }));
  });

  it('reads both spellings of the id, fields that Go left nil, and headers of others', () => {
    expect(read('{"Header":{"Micro-Id":"7"},"Body":null}')).toMatchObject({
      id: '7',
      contentType: 'application/json',
      body: Buffer.alloc(0),
    });
    const bare = read('{"Header":null,"Body":"e30="}');
    expect(bare.id).toMatch(/^[0-9a-f-]{36}$/);
    expect(Buffer.from(bare.body).toString()).toBe('{}');
    expect(read('{"Header":{"micro-id":"8","Später":"x"},"Body":"e30="}')).toMatchObject({ id: '8', metadata: {} });
  });

  it('takes keys named __proto__ and constructor as data', () => {
    const { metadata } = read('{"Header":{"__proto__":"p","constructor":"c"},"Body":""}');
    expect(Object.entries(metadata)).toEqual([
      ['__proto__', 'p'],
      ['constructor', 'c'],
    ]);
    expect(Object.getPrototypeOf(metadata)).toBeNull();
  });

  for (const text of [
    '',
    'null',
    '[]',
    '7',
    '{}',
    '{"Header":{"a":1},"Body":""}',
    '{"Header":[],"Body":""}',
    '{"Header":"x","Body":""}',
    '{"Header":{},"Body":"not base64!"}',
    '{"Header":{},"Body":"e30"}',
    '{"Header":{},"Body":7}',
    '['.repeat(100_000),
    '\u0000\u00ff',
  ]) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}`, async () => {
      const failure = await rejectsWith(async () => read(text), 'InvalidArgument');
      expect(failure.message).toMatch(/not a go-micro message/);
    });
  }
});

function written(given: Message): string {
  return Buffer.from(envelope.pack('t.y', given).payload).toString();
}

function read(text: string): Message {
  return envelope.unpack({ data: Buffer.from(text) });
}
