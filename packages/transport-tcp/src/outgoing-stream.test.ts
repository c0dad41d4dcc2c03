import { setImmediate as nextTurn } from 'node:timers/promises';
import { type MessageTaker, nextMessage } from '@tenon/contract/authoring';
import { describe, expect, test } from 'vitest';
import { TestSocket } from '../test/test-socket.js';
import { BufferPool } from './buffer-pool.js';
import type { ConnectionCodec, ConnectionCodecs } from './connection-codecs.js';
import { ConnectionCredit } from './connection-credit.js';
import { FrameWriter } from './frame-writer.js';
import { Assemblies } from './message-assembly.js';
import { type OutgoingOwner, OutgoingStream } from './outgoing-stream.js';
import { StreamBudget } from './stream-budget.js';

describe('a source that has its messages at once', () => {
  test('is asked for all of them, and never from within its answer', async () => {
    const source = new ReadySource(2_000);
    const { stream, socket, heard } = streamOf(source, 1_000_000);
    stream.resume();
    for (let turn = 0; turn < 100 && heard.length === 0; turn += 1) await nextTurn();
    expect([heard, source.askedWithin, socket.frames.length]).toEqual([['exhausted'], 0, 2_000]);
  });

  test('is asked for no more than there is credit for', async () => {
    const source = new ReadySource(2_000);
    const { stream, socket } = streamOf(source, 3);
    stream.resume();
    await nextTurn();
    expect([source.asked, socket.frames.length]).toEqual([3, 3]);
    stream.granted(2);
    await nextTurn();
    expect([source.asked, socket.frames.length]).toEqual([5, 5]);
  });

  test('is asked no more once the stream was stopped in the middle, and is left', async () => {
    const source = new ReadySource(2_000);
    const { stream, heard } = streamOf(source, 1_000_000);
    source.beforeAnswer = (asked) => {
      if (asked === 10) stream.stop();
    };
    stream.resume();
    await nextTurn();
    expect([source.asked, source.left, heard]).toEqual([10, true, []]);
  });
});

class ReadySource implements AsyncIterableIterator<unknown> {
  asked = 0;
  askedWithin = 0;
  left = false;
  beforeAnswer: (asked: number) => void = () => {};
  #answering = false;

  constructor(private readonly messages: number) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<never> {
    return Promise.reject(new Error('asked for a promise'));
  }

  [nextMessage](taker: MessageTaker): void {
    if (this.#answering) this.askedWithin += 1;
    if (this.asked === this.messages) {
      taker.ended();
      return;
    }
    this.asked += 1;
    this.#answering = true;
    this.beforeAnswer(this.asked);
    taker.message(this.asked);
    this.#answering = false;
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.left = true;
    return { value: undefined, done: true };
  }
}

function streamOf(source: ReadySource, maySend: number) {
  const socket = new TestSocket();
  const writer = new FrameWriter(socket.duplex, new BufferPool(), true);
  const credit = new ConnectionCredit(
    writer,
    new StreamBudget(1_000_000),
    new Assemblies(1_000_000),
    1_000_000,
    1_000_000,
  );
  const heard: string[] = [];
  const owner: OutgoingOwner = {
    id: 1,
    beforeMessage: () => {},
    exhausted: () => heard.push('exhausted'),
    sourceFailed: () => heard.push('sourceFailed'),
    unsendable: () => heard.push('unsendable'),
    stopFailed: () => heard.push('stopFailed'),
  };
  // The codec is not linked, so nobody is asked what it learnt.
  const way = { writer, credit, codecs: {} as ConnectionCodecs, maxMessageBytes: 1_000 };
  const oneByte = (_value: unknown, sink: { position: number }): void => {
    sink.position += 1;
  };
  const stream = new OutgoingStream(owner, way, { linked: false } as ConnectionCodec, oneByte, source, maySend);
  return { stream, socket, heard };
}
