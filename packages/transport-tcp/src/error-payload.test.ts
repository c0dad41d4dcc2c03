import { codes, ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { newCodecs } from '../test/fixture.js';
import { TestSocket } from '../test/test-socket.js';
import { BufferPool } from './buffer-pool.js';
import { BoundCodecs, ConnectionCodec } from './connection-codecs.js';
import { codeOfNumber, readError, writeError } from './error-payload.js';
import { FrameWriter } from './frame-writer.js';
import { ProtocolViolation } from './protocol-violation.js';

const bound = new BoundCodecs(newCodecs());
const json = new ConnectionCodec(bound, 'application/json', 1, false);

/** An error's payload, as it leaves. */
function written(error: ServiceError, codec?: 'none'): Buffer {
  const socket = new TestSocket();
  const writer = new FrameWriter(socket.duplex, new BufferPool(), true);
  writeError(writer, 1, error, codec === 'none' ? undefined : json);
  writer.flush();
  return socket.frames[0]?.payload as Buffer;
}

function read(payload: Buffer): ServiceError {
  return readError(payload, 0, payload.length, () => json);
}

test('an error of each code arrives whole', () => {
  for (const code of Object.keys(codes) as (keyof typeof codes)[]) {
    const fields = { service: 's', endpoint: 'S.E', node: 'n', correlationId: 'c', executed: 'yes' } as const;
    const error = new ServiceError(code, 'Zoë said "no"\n', { ...fields, details: { at: [1, null] } });
    expect(read(written(error)).toRecord()).toEqual(error.toRecord());
    expect(codeOfNumber(codes[code].number)).toBe(code);
  }
  const bare = new ServiceError('Aborted', 'no more', { executed: 'no' });
  expect(read(written(bare)).toRecord()).toEqual({ code: 'Aborted', message: 'no more', executed: 'no' });
});

test('details that cannot be sent, or do not fit, stay behind, and the message says so', () => {
  for (const details of [{ run: () => 1 }, 'x'.repeat(70_000)]) {
    const error = read(written(new ServiceError('Internal', 'oh', { details, executed: 'yes' })));
    expect(error.rawMessage).toMatch(/^oh \(its details cannot be encoded as application\/json, or are too long\)$/);
    expect([error.details, error.executed]).toEqual([undefined, 'yes']);
  }
  expect(read(written(new ServiceError('Internal', 'oh', { details: 1 }), 'none')).rawMessage).toContain(
    'cannot be sent',
  );
});

test('details that fit exactly are one frame', () => {
  const payload = written(new ServiceError('Internal', 'm', { details: 'd'.repeat(65_000) }));
  expect(payload.length).toBeLessThanOrEqual(65_536);
  expect(read(payload).details).toHaveLength(65_000);
});

test('texts without end are cut, so that an error is always one frame', () => {
  const text = '\u0001'.repeat(100_000);
  const payload = written(
    new ServiceError('Internal', text, { service: text, endpoint: text, node: text, correlationId: text }),
  );
  expect(payload.length).toBeLessThanOrEqual(65_536);
  expect(read(payload).rawMessage.length).toBeGreaterThan(8_000);
});

test('details that cannot be read are left out, and the message says so', () => {
  const payload = written(new ServiceError('NotFound', 'none', { details: { a: 1 } }));
  payload[payload.length - 1] = 0x20;
  expect(read(payload)).toMatchObject({ code: 'NotFound', details: undefined });
  expect(read(payload).rawMessage).toBe('none (its details cannot be read as application/json)');
});

test.each([
  ['too short', () => Buffer.alloc(7)],
  ['of code 0', () => Buffer.from([0, 0, 0xff, 0, 0, 0, 0, 2, 0x7b, 0x7d])],
  ['of code 17', () => Buffer.from([17, 0, 0xff, 0, 0, 0, 0, 2, 0x7b, 0x7d])],
  ['that perhaps ran in a fourth way', () => Buffer.from([1, 3, 0xff, 0, 0, 0, 0, 2, 0x7b, 0x7d])],
  ['with a record beyond its end', () => Buffer.from([1, 0, 0xff, 0, 0, 0, 0, 3, 0x7b, 0x7d])],
  ['whose record is no JSON', () => Buffer.from([1, 0, 0xff, 0, 0, 0, 0, 2, 0x7b, 0x7b])],
  ['whose record is no object', () => Buffer.from([1, 0, 0xff, 0, 0, 0, 0, 1, 0x31])],
] as const)('an ERROR %s is refused', (_what, payload) => {
  expect(() => read(payload())).toThrow(ProtocolViolation);
});
