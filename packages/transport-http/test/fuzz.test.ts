import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceError } from '@tenon/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, frame, frameType } from '../src/frames.js';
import { ResponseParser } from '../src/response-parser.js';

// The two readers of our own, fed with what is nearly right: whatever comes, they read it, ask for more, or refuse it with a
// ServiceError. Node reads requests and HTTP/2 itself.

const line = fc.oneof(
  fc.constantFrom('Content-Length: 5', 'Content-Length: 0', 'Transfer-Encoding: chunked', 'Connection: close'),
  fc.constantFrom('Content-Length: 5, 6', 'Transfer-Encoding: gzip', 'Content-Length: 99999999999999999999', ' folded'),
  fc.tuple(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 })).map(([name, value]) => `${name}: ${value}`),
);
const body = fc.oneof(
  fc.constantFrom('hello', '5\r\nhello\r\n0\r\n\r\n', 'a;x=1\r\n0123456789\r\n0\r\nX: y\r\n\r\n', ''),
  fc.constantFrom('ffffffffff\r\n', '-1\r\n', '5\nhello\n0\n\n', '0\r\nX'),
  fc.string({ maxLength: 30 }),
);
const status = fc.oneof(
  fc.constantFrom('HTTP/1.1 200 OK', 'HTTP/1.1 204 No Content', 'HTTP/1.1 100 Continue', 'HTTP/1.0 200 OK'),
  fc.constantFrom('HTTP/1.1 20', 'HTTP/2.0 200 OK', 'ICY 200 OK'),
  fc.string({ maxLength: 12 }),
);
const ending = fc.constantFrom('\r\n', '\r\n', '\r\n', '\n', '\r');
const response = fc
  .tuple(status, fc.array(line, { maxLength: 4 }), ending, body)
  .map(([first, lines, eol, rest]) => `${[first, ...lines].join(eol)}${eol}${eol}${rest}`);

test('100,000 generated responses are read, waited for or refused, and alike in one piece and in several', async () => {
  const counts = { read: 0, waiting: 0, refused: 0 };
  for (let round = 0; round < 100; round += 1) {
    const sample = fc.sample(fc.tuple(response, fc.integer({ min: 1, max: 40 })), { numRuns: 1_000, seed: round });
    for (const [text, size] of sample) {
      const whole = outcomeOf(text, text.length);
      expect(outcomeOf(text, size), JSON.stringify([text, size])).toEqual(whole);
      counts[whole.ended] += 1;
    }
    await nextTurn();
  }
  expect(counts.read).toBeGreaterThan(1_000);
  expect(counts.waiting).toBeGreaterThan(1_000);
  expect(counts.refused).toBeGreaterThan(1_000);
}, 120_000);

test('100,000 generated frames are read or refused, however they are cut', async () => {
  const some = fc.oneof(
    { weight: 8, arbitrary: fc.uint8Array({ maxLength: 40 }).map((bytes) => frame(frameType.message, bytes)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: fc.constant(Buffer.from([0, 0xff, 0xff, 0xff, 0xff])) },
  );
  const bodies = fc.tuple(fc.array(some, { minLength: 10, maxLength: 30 }), fc.integer({ min: 1, max: 60 }));
  let frames = 0;
  let refused = 0;
  for (let round = 0; round < 60; round += 1) {
    for (const [parts, size] of fc.sample(bodies, { numRuns: 100, seed: round })) {
      const bytes = Buffer.concat(parts);
      const whole = framesIn(bytes, bytes.length);
      expect(framesIn(bytes, size)).toEqual(whole);
      frames += parts.length;
      if (whole.refused !== undefined) refused += 1;
    }
    await nextTurn();
  }
  expect(frames).toBeGreaterThan(100_000);
  expect(refused).toBeGreaterThan(1_000);
}, 120_000);

test('a body of 4 MiB in slices of one byte takes time in proportion to its length', () => {
  const costOf = (bytes: number): number => {
    const parser = new ResponseParser({ onHead: () => {}, onBody: () => {}, onComplete: () => {} });
    const reader = new FrameReader({ onFrame: () => {} }, bytes);
    parser.read(Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes + 5}\r\n\r\n`));
    const framed = frame(frameType.message, Buffer.alloc(bytes));
    const start = process.cpuUsage();
    for (let at = 0; at < framed.length; at += 1) {
      const slice = framed.subarray(at, at + 1);
      parser.read(slice);
      reader.read(slice);
    }
    return process.cpuUsage(start).user;
  };
  costOf(2 ** 18);
  // Were it quadratic, 4 MiB would cost 256 times what 256 KiB do, and not 16 times.
  expect(costOf(2 ** 22)).toBeLessThan(Math.max(costOf(2 ** 18), 20_000) * 64);
});

interface Outcome {
  readonly ended: 'read' | 'waiting' | 'refused';
  readonly body?: string;
}

/** What became of the first response: whoever reads has only that to go by, and may close the connection after it. */
function outcomeOf(text: string, size: number): Outcome {
  let body = '';
  let isWhole = false;
  const parser = new ResponseParser({
    onHead: () => {
      if (!isWhole) body = '';
    },
    onBody: (chunk) => {
      if (!isWhole) body += chunk.toString('latin1');
    },
    onComplete: () => {
      isWhole = true;
    },
  });
  const bytes = Buffer.from(text, 'latin1');
  try {
    for (let at = 0; at < bytes.length && !isWhole; at += size) parser.read(bytes.subarray(at, at + size));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (!isWhole) return { ended: 'refused' };
  }
  return isWhole ? { ended: 'read', body } : { ended: 'waiting' };
}

function framesIn(bytes: Buffer, size: number): { readonly frames: readonly string[]; readonly refused?: string } {
  const frames: string[] = [];
  const reader = new FrameReader({ onFrame: (type, one) => frames.push(`${type} ${one.toString('hex')}`) }, 1_000);
  try {
    for (let at = 0; at < bytes.length; at += size) reader.read(bytes.subarray(at, at + size));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { frames, refused: error.code };
  }
  return { frames };
}
