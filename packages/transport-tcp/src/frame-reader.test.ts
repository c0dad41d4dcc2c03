import { describe, expect, test } from 'vitest';
import { rawFrame, rawSegment } from '../test/raw-peer.js';
import { FrameReader } from './frame-reader.js';
import { ProtocolViolation } from './protocol-violation.js';

function newReader(segmented = true) {
  const frames: string[] = [];
  const reader = new FrameReader(
    {
      frame: (type, id, buffer, start, end) => {
        frames.push(`${type}/${id}:${buffer.toString('latin1', start, end)}`);
      },
    },
    segmented,
    1_000,
  );
  return { frames, reader };
}

const enough = 1_000_000;
const session = Buffer.concat([
  rawSegment(rawFrame(1, 0, Buffer.from('hello'))),
  rawSegment(rawFrame(16, 0x1_0000, Buffer.from('ask')), rawFrame(18, 0x1_0000)),
  rawSegment(rawFrame(19, 0xffff_0001)),
]);
const expected = ['1/0:hello', '16/65536:ask', '18/65536:', '19/-65535:'];

describe('what arrives', () => {
  test('is found whole in one piece', () => {
    const { frames, reader } = newReader();
    expect(reader.read(session, 0, session.length, enough)).toBe(true);
    expect(frames).toEqual(expected);
  });

  test.each([1, 2, 3, 5, 7, 8, 9, 13, 20])('is the same in slices of %i bytes', (bytes) => {
    const { frames, reader } = newReader();
    for (let at = 0; at < session.length; at += bytes) {
      reader.read(session, at, Math.min(at + bytes, session.length), enough);
    }
    expect(frames).toEqual(expected);
  });

  test('is the same cut in two anywhere, with and without segments', () => {
    const plain = Buffer.concat([rawFrame(1, 0, Buffer.from('hello')), rawFrame(16, 0x1_0000, Buffer.from('ask'))]);
    for (const [bytes, segmented, frameTexts] of [
      [session, true, expected],
      [plain, false, expected.slice(0, 2)],
    ] as const) {
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const { frames, reader } = newReader(segmented);
        reader.read(bytes, 0, cut, enough);
        reader.read(bytes, cut, bytes.length, enough);
        expect(frames).toEqual(frameTexts);
      }
    }
  });

  test('is taken a part at a time where that is asked', () => {
    const { frames, reader } = newReader();
    const chunk = Buffer.concat([session.subarray(0, 20), session.subarray(20)]);
    let whole = reader.read(chunk, 0, chunk.length, 1);
    const seen = [frames.length];
    while (!whole) {
      whole = reader.resume(1);
      seen.push(frames.length);
    }
    expect(frames).toEqual(expected);
    expect(seen.every((count, turn) => count <= turn + 1)).toBe(true);
  });

  test('is not read any further once the reader was stopped', () => {
    const frames: number[] = [];
    const reader: FrameReader = new FrameReader(
      {
        frame: (type) => {
          frames.push(type);
          reader.stop();
        },
      },
      true,
      1_000,
    );
    reader.read(session, 0, session.length, enough);
    reader.read(session, 0, session.length, enough);
    expect(frames).toEqual([1]);
  });

  test('may be 100,000 frames at once', () => {
    const { frames, reader } = newReader();
    reader.greeted();
    const segment = rawSegment(...Array.from({ length: 10_000 }, (_, n) => rawFrame(19, n)));
    const chunk = Buffer.concat(Array.from({ length: 10 }, () => segment));
    expect(reader.read(chunk, 0, chunk.length, enough)).toBe(true);
    expect(frames).toHaveLength(100_000);
  });
});

describe('what is refused', () => {
  const violation = (bytes: Buffer, segmented = true): void => {
    const { reader } = newReader(segmented);
    reader.read(bytes, 0, bytes.length, enough);
  };

  test('each damaged bit of a segment, before a frame of it is handed over', () => {
    const good = rawSegment(rawFrame(16, 0x1_0000, Buffer.from('ask')), rawFrame(18, 0x1_0000));
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const { frames, reader } = newReader();
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => reader.read(bad, 0, bad.length, enough), `bit ${bit}`).toThrow(ProtocolViolation);
      expect(frames).toEqual([]);
    }
  });

  test('a length over the limit, by its header alone, before and after the greeting', () => {
    const header = rawSegment(rawFrame(1, 0, Buffer.alloc(1_000))).subarray(0, 8);
    expect(() => violation(header)).toThrow(/segment of 1008 bytes/);
    const { reader } = newReader();
    reader.greeted();
    const larger = rawSegment(Buffer.alloc(131_073)).subarray(0, 8);
    expect(() => reader.read(larger, 0, 8, enough)).toThrow(/segment of 131073 bytes/);
    const plain = rawFrame(18, 1, Buffer.alloc(70_000)).subarray(0, 8);
    expect(() => violation(plain, false)).toThrow(/frame of 70000 bytes/);
  });

  test('an empty segment, and frames that a segment cuts off', () => {
    expect(() => violation(rawSegment())).toThrow(/empty segment/);
    expect(() => violation(rawSegment(rawFrame(18, 1, Buffer.alloc(20)).subarray(0, 20)))).toThrow(/cut off/);
    expect(() => violation(rawSegment(rawFrame(18, 1), Buffer.alloc(5)))).toThrow(/cut off/);
  });
});

test('4 MiB in slices of one byte take time in proportion to their number', () => {
  const segment = rawSegment(rawFrame(18, 1, Buffer.alloc(65_536)));
  const costOf = (segments: number): number => {
    const { reader } = newReader();
    reader.greeted();
    const start = process.cpuUsage();
    for (let count = 0; count < segments; count += 1) {
      for (let at = 0; at < segment.length; at += 1) reader.read(segment, at, at + 1, enough);
    }
    const { user } = process.cpuUsage(start);
    return user;
  };
  costOf(4);
  // Were it quadratic, 64 segments would cost 256 times what 4 do, and not 16 times.
  expect(costOf(64)).toBeLessThan(Math.max(costOf(4), 20_000) * 64);
});
