import { Duplex } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { type GoldenFrame, readGoldenTable, readRefusedTable } from '../../../test/wire/golden-table.js';
import { BufferPool } from '../src/buffer-pool.js';
import { FrameReader } from '../src/frame-reader.js';
import { FrameWriter } from '../src/frame-writer.js';
import { preamble } from '../src/preamble.js';
import { comparable, inWords } from './golden-read.js';
import { isWritten, writeGolden } from './golden-write.js';
import { RawClient } from './raw-peer.js';
import { Serving } from './serving.js';

const rows = readGoldenTable();

describe('every row of the page is read as what it says', () => {
  test.each(rows.map((row) => [row.id, row] as const))('%s', (_id, row) => {
    if (row.form === 'preamble') {
      expect(preamble()).toEqual(row.bytes);
      return;
    }
    const read: GoldenFrame[] = [];
    const taker = {
      frame: (type: number, id: number, buffer: Buffer, start: number, end: number) => {
        read.push(inWords(type, id >>> 0, buffer, start, end));
      },
    };
    new FrameReader(taker, row.form === 'segment', 131_072).read(row.bytes, 0, row.bytes.length, 1_000);
    expect(read).toEqual(row.frames.map(comparable));
  });
});

describe('what this side writes is what the page says', () => {
  const written = rows.filter(({ frames, form }) => form !== 'preamble' && frames.every(isWritten));

  test('there are rows of every type that has one form only', () => {
    const types = new Set(written.flatMap(({ frames }) => frames.map(({ type }) => type)));
    const all = 'NAME CALL HEAD DATA END REPLY ERROR CANCEL STOP CREDIT PING PONG GOAWAY LEARN'.split(' ');
    expect([...types].sort()).toEqual(all.sort());
  });

  test.each(written.map((row) => [row.id, row] as const))('%s', (_id, { frames, form, bytes }) => {
    const named = frames.some(({ metadata = [] }) => metadata.length > 0) ? keyRow : '';
    expect(bytesWritten(form === 'segment', frames)).toBe(named + bytes.toString('hex'));
  });
});

describe('what the page refuses, a server refuses', () => {
  test.each(readRefusedTable().map((row) => [row.id, row] as const))('%s', async (_id, row) => {
    const serving = await Serving.start({});
    const client = await RawClient.open(serving.port);
    try {
      client.send(preamble());
      if (row.when === 'open') await client.greet();
      client.send(row.bytes);
      expect((await client.goAway()).code).toBe(3);
      expect(serving.received).toHaveLength(0);
    } finally {
      await client.close();
      await serving.close();
    }
  });
});

/** NAME of the key 1, which goes before the frame that uses it. */
const keyRow = rows.find(({ id }) => id === 'name-key')?.bytes.toString('hex') ?? '';

function bytesWritten(segmented: boolean, frames: readonly GoldenFrame[]): string {
  const out: Buffer[] = [];
  const socket = new Duplex({
    write: (chunk: Buffer, _encoding, done) => {
      out.push(Buffer.from(chunk));
      done();
    },
    read: () => {},
  });
  const writer = new FrameWriter(socket, new BufferPool(), segmented);
  for (const frame of frames) writeGolden(writer, frame);
  writer.flush();
  return Buffer.concat(out).toString('hex');
}
