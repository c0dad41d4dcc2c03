import { setImmediate as nextTurn } from 'node:timers/promises';
import { ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { framesOf, plainFramesOf } from '../test/raw-peer.js';
import { TestSocket } from '../test/test-socket.js';
import { BufferPool, pooledBytes } from './buffer-pool.js';
import { dataFrame, moreFlag, restFrame } from './frame.js';
import { FrameWriter } from './frame-writer.js';

function newWriter(segmented = true) {
  const socket = new TestSocket();
  const pool = new BufferPool();
  const writer = new FrameWriter(socket.duplex, pool, segmented);
  socket.duplex.on('drain', () => writer.drained());
  return { socket, pool, writer };
}

/** Writes as encoders do: with its own position, and asking for room piece by piece. */
function encode(writer: FrameWriter, text: string, piece = 1_000): void {
  let { position } = writer;
  for (let at = 0; at < text.length; at += piece) {
    const part = text.slice(at, at + piece);
    if (position + part.length > writer.buffer.length) {
      writer.position = position;
      writer.ensure(part.length);
    }
    position += writer.buffer.write(part, position, 'latin1');
  }
  writer.position = position;
}

function writeText(writer: FrameWriter, id: number, text: string): void {
  writer.begin(dataFrame, id);
  encode(writer, text);
  writer.end();
}

describe('frames of a tick', () => {
  test('leave as one segment when it ends, and the buffer goes back', async () => {
    const { socket, pool, writer } = newWriter();
    for (const text of ['a', 'b', 'c']) writeText(writer, 1, text);
    expect(socket.writes).toHaveLength(0);
    await nextTurn();
    expect(socket.writes).toHaveLength(1);
    expect(socket.texts).toEqual(['a', 'b', 'c']);
    expect(writer.buffer).toBe(pool.none);
    expect(pool.size).toBe(1);
  });

  test('leave earlier when they are 32, or 16 KiB', async () => {
    const { socket, writer } = newWriter();
    for (let n = 0; n < 40; n += 1) writeText(writer, 1, String(n));
    expect(socket.frames).toHaveLength(32);
    for (let n = 0; n < 3; n += 1) writeText(writer, 1, 'x'.repeat(6_000));
    expect(socket.frames).toHaveLength(43);
    await nextTurn();
    expect(socket.texts.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, n) => String(n)));
  });

  test('have no segments under TLS', async () => {
    const { socket, writer } = newWriter(false);
    writeText(writer, 1, 'a');
    writeText(writer, 2, 'b');
    await nextTurn();
    expect(plainFramesOf(Buffer.concat(socket.writes)).map(({ payload }) => payload.toString())).toEqual(['a', 'b']);
  });

  test('of two connections use a buffer each, one after the other', async () => {
    const one = newWriter();
    const other = new FrameWriter(new TestSocket().duplex, one.pool, true);
    writeText(one.writer, 1, 'one');
    writeText(other, 1, 'other');
    expect(one.writer.buffer).not.toBe(other.buffer);
    await nextTurn();
    expect(one.pool.size).toBe(2);
    writeText(one.writer, 1, 'again');
    await nextTurn();
    expect(one.socket.texts).toEqual(['one', 'again']);
    expect(one.pool.size).toBe(2);
  });
});

describe('a frame', () => {
  test('that meets the end of the buffer is whole, and nothing changes places', async () => {
    const { socket, writer } = newWriter();
    socket.block();
    const texts = Array.from({ length: 30 }, (_, n) => `${n}:`.padEnd(7_001, String.fromCharCode(97 + (n % 26))));
    for (const text of texts) writeText(writer, 1, text);
    socket.unblock();
    await nextTurn();
    await nextTurn();
    expect(socket.texts).toEqual(texts);
  });

  test('that asked for far more room than it took keeps its place, and no large buffer', async () => {
    const { socket, pool, writer } = newWriter();
    writeText(writer, 1, 'before');
    writer.begin(dataFrame, 1);
    writer.ensure(300_000);
    encode(writer, 'small');
    writer.end();
    writeText(writer, 1, 'after');
    expect(writer.buffer.length).toBe(pooledBytes);
    await nextTurn();
    expect(socket.texts).toEqual(['before', 'small', 'after']);
    expect(pool.size).toBeGreaterThan(0);
  });

  test('whose encoder throws is as if it had never begun', async () => {
    const { socket, writer } = newWriter();
    writeText(writer, 1, 'before');
    for (const size of [10, 100_000]) {
      writer.begin(dataFrame, 2);
      encode(writer, 'x'.repeat(size));
      writer.rollBack();
    }
    writeText(writer, 1, 'after');
    await nextTurn();
    expect(socket.texts).toEqual(['before', 'after']);
  });

  test('that begins inside of another is whole behind it, also where the outer one is undone', async () => {
    const { socket, writer } = newWriter();
    for (const undone of [false, true]) {
      writer.begin(dataFrame, 1);
      const { position } = writer;
      writer.buffer.write('outer-', position, 'latin1');
      // The encoder of the outer frame has told nobody how far it is.
      writeText(writer, 2, 'inner');
      writer.begin(dataFrame, 3);
      encode(writer, 'y'.repeat(70_000));
      writer.rollBack();
      writer.buffer.write('frame', position + 6, 'latin1');
      writer.position = position + 11;
      if (undone) writer.rollBack();
      else writer.end();
    }
    await nextTurn();
    expect(socket.texts).toEqual(['outer-frame', 'inner', 'inner']);
  });

  test('over the limit of its message is refused, by growth and at its end', () => {
    const { writer } = newWriter();
    writer.begin(dataFrame, 1);
    writer.beginMessage(100_000);
    expect(() => encode(writer, 'x'.repeat(200_000))).toThrow(ServiceError);
    writer.rollBack();
    writer.begin(dataFrame, 1);
    writer.beginMessage(10);
    encode(writer, 'x'.repeat(11));
    expect(() => writer.checkMessage()).toThrow(/over the limit of 10/);
    writer.rollBack();
  });
});

describe('a long message', () => {
  test('leaves in pieces that let small frames pass, in turns with other long ones', async () => {
    const { socket, writer } = newWriter();
    const [first, second] = ['a'.repeat(200_000), 'b'.repeat(200_000)];
    for (const [id, text] of [first, second].entries()) {
      writer.begin(dataFrame, id + 1);
      encode(writer, text);
      expect(writer.endMessage(restFrame)?.sent).toBe(false);
    }
    await nextTurn();
    writeText(writer, 3, 'small');
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    const of = (id: number) => socket.frames.filter((frame) => frame.id === id);
    for (const [id, text] of [first, second].entries()) {
      const pieces = of(id + 1);
      expect(Buffer.concat(pieces.map(({ payload }) => payload)).toString()).toBe(text);
      expect(pieces.map(({ type }) => type)).toEqual(
        pieces.map((_, n) => (n === 0 ? dataFrame : restFrame) | (n < pieces.length - 1 ? moreFlag : 0)),
      );
      expect(pieces.every(({ payload }) => payload.length <= 65_536)).toBe(true);
    }
    const order = socket.frames.map(({ id }) => id);
    expect(order.indexOf(3)).toBeLessThan(order.lastIndexOf(1));
    expect(order.indexOf(2)).toBeLessThan(order.lastIndexOf(1));
  });

  test('waits for its gate, and tells it what left', async () => {
    const { socket, writer } = newWriter();
    const gate = { allowedBytes: 10_000, left: 0, done: false, spent: (_bytes: number) => {}, sent: () => {} };
    gate.spent = (bytes) => {
      gate.allowedBytes -= bytes;
      gate.left += bytes;
    };
    gate.sent = () => {
      gate.done = true;
    };
    writer.begin(dataFrame, 1);
    encode(writer, 'z'.repeat(30_000));
    const message = writer.endMessage(dataFrame, gate);
    await nextTurn();
    expect([gate.left, gate.done, message?.sent]).toEqual([10_000, false, false]);
    gate.allowedBytes = 50_000;
    writer.wake();
    await nextTurn();
    expect([gate.left, gate.done, message?.sent]).toEqual([30_000, true, true]);
    expect(socket.frames.map(({ type }) => type)).toEqual([dataFrame | moreFlag, dataFrame]);
  });

  test('that is dropped leaves no further', async () => {
    const { socket, writer } = newWriter();
    writer.begin(dataFrame, 1);
    encode(writer, 'z'.repeat(500_000));
    const message = writer.endMessage(restFrame);
    await nextTurn();
    if (message !== undefined) writer.drop(message);
    await nextTurn();
    const { length } = socket.frames;
    await nextTurn();
    expect(socket.frames).toHaveLength(length);
    expect(length).toBeLessThan(10);
  });
});

describe('a socket that takes no more', () => {
  test('gets nothing until it drains, then everything in order; whoever waits goes on', async () => {
    const { socket, writer, pool } = newWriter();
    socket.block();
    writeText(writer, 1, 'a'.repeat(20_000));
    await nextTurn();
    expect(writer.congested).toBe(true);
    let resumed = 0;
    writer.awaitRoom({ resume: () => (resumed += 1) });
    for (let n = 0; n < 200; n += 1) writeText(writer, 1, `${n}`.padEnd(1_000));
    await nextTurn();
    expect([socket.writes.length, resumed]).toEqual([0, 0]);
    expect(writer.pendingBytes).toBeGreaterThan(200_000);
    socket.unblock();
    await writer.idle();
    await nextTurn();
    expect(socket.texts.slice(1).map(Number)).toEqual(Array.from({ length: 200 }, (_, n) => n));
    expect([resumed, writer.congested]).toEqual([1, false]);
    expect(writer.buffer).toBe(pool.none);
  });

  test('gets no more at a time than it can hold', async () => {
    const { socket, writer } = newWriter();
    socket.block();
    for (let n = 0; n < 400; n += 1) {
      writeText(writer, 1, `${n}`.padEnd(1_000));
      if (n % 40 === 0) await nextTurn();
    }
    while (socket.duplex.writableLength > 0) {
      expect(socket.duplex.writableLength).toBeLessThan(2 * pooledBytes);
      socket.takeOne();
      await nextTurn();
    }
    expect(socket.texts.map(Number)).toEqual(Array.from({ length: 400 }, (_, n) => n));
  });

  test('still gets what is sent now', async () => {
    const { socket, writer } = newWriter();
    socket.block();
    writeText(writer, 1, 'a'.repeat(20_000));
    await nextTurn();
    writeText(writer, 1, 'later');
    writer.sendNow(5, Buffer.from('pongpong'));
    socket.unblock();
    await writer.idle();
    expect(socket.texts.map((text) => text.slice(0, 8))).toEqual(['aaaaaaaa', 'pongpong', 'later']);
  });

  test('does not have its buffer written over while it still reads it', async () => {
    const { socket, writer } = newWriter();
    socket.block();
    writeText(writer, 1, 'first');
    writer.flush();
    writeText(writer, 1, 'second');
    writer.flush();
    socket.unblock();
    await writer.idle();
    expect(framesOf(Buffer.concat(socket.writes)).map(({ payload }) => payload.toString())).toEqual([
      'first',
      'second',
    ]);
  });
});

test('frames that were never handed over are known', async () => {
  const { socket, writer } = newWriter();
  socket.block();
  writeText(writer, 1, 'a'.repeat(20_000));
  const sent = writer.framesEnded;
  await nextTurn();
  writeText(writer, 1, 'b');
  expect(writer.framesEnded).toBeGreaterThan(writer.framesSent);
  expect(sent).toBeLessThanOrEqual(writer.framesSent);
});

test('a closed writer sends nothing and holds nothing', async () => {
  const { socket, writer, pool } = newWriter();
  writeText(writer, 1, 'a');
  writer.close();
  writeText(writer, 1, 'b');
  await nextTurn();
  await writer.idle();
  expect(socket.writes).toHaveLength(0);
  expect(writer.buffer).toBe(pool.none);
});
