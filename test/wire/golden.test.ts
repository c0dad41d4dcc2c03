import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { allowedTable, page, refusedTable, withTables } from './golden.mjs';
import { type GoldenFrame, type GoldenRow, readGoldenTable, readRefusedTable } from './golden-table.js';
import { framesOf, preamble, SegmentReader, types } from './tenon-1-frames.mjs';
import * as payloads from './tenon-1-payloads.mjs';

const text = readFileSync(page, 'utf8');
const golden = readGoldenTable();
const refused = readRefusedTable();

describe('the golden bytes of the page', () => {
  test('are those that the generator makes, row by row, and no others', () => {
    const rows = text.split('\n').filter((line) => /^\| `[\w-]+` \| (?:client|server|both|hello|open) \|/.test(line));
    expect(rows).toEqual([...allowedTable().slice(2), ...refusedTable().slice(2)]);
    expect(withTables(text)).toBe(text);
  });

  test('have one id each', () => {
    for (const rows of [golden, refused]) {
      const ids = rows.map(({ id }) => id);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    }
  });

  test('show every type of frame, with and without MORE where it is allowed', () => {
    const shown = golden.flatMap(({ frames }) => frames);
    const known = shown.filter(({ type }) => typeof type === 'string');
    expect([...new Set(known.map(({ type }) => type))].sort()).toEqual(Object.keys(types).sort());
    const cut = shown.filter(({ more }) => more === true).map(({ type }) => type);
    expect([...new Set(cut)].sort()).toEqual(['CALL', 'DATA', 'REPLY', 'REST']);
  });

  test('begin with the eight bytes that tell the protocol', () => {
    expect(golden[0]).toMatchObject({ form: 'preamble', bytes: preamble });
  });

  test.each(golden.filter(({ form }) => form !== 'preamble'))('$id: $what is read as its frames say', (row) => {
    expect(framesIn(row)).toEqual(row.frames.filter(({ type }) => typeof type === 'string').map(stated));
  });

  test.each(golden.filter(({ form }) => form === 'segment'))('$id: each bit of the segment counts', ({ bytes }) => {
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const damaged = Buffer.from(bytes);
      damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => [...new SegmentReader().read(damaged)], `bit ${bit}`).toThrow();
    }
  });

  test.each(golden.filter(({ form }) => form === 'segment'))('$id: the CRC is the one of gzip', ({ bytes }) => {
    expect(bytes.readUInt32BE(4)).toBe(bitwiseCrc(bytes.subarray(8)));
  });
});

/** What our decoder makes of a row. */
function framesIn({ form, bytes }: GoldenRow): readonly unknown[] {
  const frames = form === 'segment' ? [...new SegmentReader().read(bytes)] : framesOf(bytes);
  return frames.map(({ name, call, more, payload }) => ({ type: name, call, more, ...fieldsOf(name, payload) }));
}

/** The same of what the row says. */
function stated({ slot = 0, turn = 0, more = false, reserved, ...frame }: GoldenFrame): unknown {
  if (reserved !== undefined) expect(Buffer.from(reserved, 'hex').length).toBeGreaterThan(0);
  return { ...frame, call: turn * 0x1_0000 + slot, more };
}

function fieldsOf(name: string, payload: Buffer): object {
  const hex = (bytes: Buffer): string => bytes.toString('hex');
  switch (name) {
    case 'HELLO':
    case 'WELCOME':
      payloads.readGreeting(payload);
      return { json: JSON.parse(payload.toString()) };
    case 'NAME':
      return payloads.readName(payload);
    case 'CALL': {
      const call = payloads.readCall(payload);
      return { ...call, request: hex(call.request) };
    }
    case 'REPLY': {
      const { metadata, reply } = payloads.readReply(payload);
      return { metadata, reply: hex(reply) };
    }
    case 'HEAD':
      return { metadata: payloads.readReply(payload).metadata };
    case 'ERROR': {
      const error = payloads.readError(payload);
      return { ...error, details: hex(error.details) };
    }
    case 'GOAWAY':
      return payloads.readGoaway(payload);
    case 'CANCEL':
      return { code: payloads.readNumber(payload, 1) };
    case 'CREDIT':
      return { bytes: payloads.readNumber(payload, 4) };
    case 'LEARN':
      return { codec: payload[0], payload: hex(payload.subarray(1)) };
    case 'END':
    case 'STOP':
      expect(payload).toHaveLength(0);
      return {};
    default:
      return { payload: hex(payload) };
  }
}

/** CRC-32 by its definition, bit by bit, so that the table does not rest on one library. */
function bitwiseCrc(bytes: Buffer): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
