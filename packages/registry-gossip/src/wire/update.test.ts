import { describe, expect, test } from 'vitest';
import { readUpdate, writeUpdate } from './update.js';

describe('the update of go-micro', () => {
  const update = {
    action: 'create',
    expiresAt: 1_700_000_000_123,
    origin: undefined,
    data: Buffer.from('{}'),
  } as const;

  test('is written byte for byte', () => {
    expect(writeUpdate(update).toString('hex')).toBe(
      [
        '08c0a9fbebe39fe7cb17',
        '1001',
        '1801',
        // Content-Type: application/json
        '3220',
        '0a0c436f6e74656e742d54797065',
        '12106170706c69636174696f6e2f6a736f6e',
        // {}
        '3a027b7d',
      ].join(''),
    );
  });

  test('is read again, with whose it is', () => {
    const origin = { owner: 'tenon-1', stamp: 1_700_000_000_123_456, ttlMs: 15_000 };
    expect(readUpdate(writeUpdate(update))).toEqual(update);
    expect(readUpdate(writeUpdate({ ...update, action: 'delete', expiresAt: 0, origin }))).toEqual({
      ...update,
      ...{ action: 'delete', expiresAt: 0, origin },
    });
  });

  test('about anything but a service, or in another form, is passed over', () => {
    const written = writeUpdate(update).toString('latin1');
    expect(readUpdate(Buffer.from(written.replace('\x10\x01', '\x10\x02'), 'latin1'))).toBeUndefined();
    expect(readUpdate(Buffer.from(written.replace('json', 'yaml'), 'latin1'))).toBeUndefined();
    expect(readUpdate(Buffer.from(written.replace('\x18\x01', '\x18\x04'), 'latin1'))).toBeUndefined();
  });

  test.each([
    ['noise', Buffer.from([0xff, 0xff, 0xff])],
    ['a length beyond its end', Buffer.from([0x3a, 0x7f, 1])],
    ['a group that never began', Buffer.from([0x54, 1])],
  ])('%s is refused', (_title, bytes) => {
    expect(() => readUpdate(bytes)).toThrow(/no protobuf/);
  });

  test('an origin that is wrong is refused', () => {
    const wrong = writeUpdate({ ...update, origin: { owner: 'x', stamp: -1, ttlMs: 1 } });
    expect(() => readUpdate(wrong)).toThrow(/whose it is/);
  });
});
