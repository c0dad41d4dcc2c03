import assert from 'node:assert/strict';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import { assertSameData } from '../../codec/same-data.js';
import type { ConformanceCase } from '../../suite.js';
import type { TransportFixture } from '../fixture.js';
import { testCancellation } from '../test-cancellation.js';
import { kept } from './kept.js';
import { Latch } from './latch.js';
import type { MessageReader } from './message-reader.js';
import { inTurn, type MessageSource, numbered, sized } from './message-source.js';
import { ofEachKind, type StreamPromise, type StreamStage, streamed, streamKinds } from './stream-case.js';
import { settled } from './under-way.js';

const promises: readonly StreamPromise[] = [
  {
    sentence: 'a reader that stops holds the producer back, and loses nothing',
    kinds: streamKinds,
    run: (stage) => heldBack(stage, messageBytes),
  },
  {
    sentence: 'a reader that stops holds a producer of small messages back',
    kinds: streamKinds,
    run: (stage) => heldBack(stage, 4 * 1_024),
  },
  {
    sentence: '64 that are stuck of 128 hold up no other, nor calls',
    kinds: streamKinds,
    run: async ({ probe, kind }) => {
      const released = new Latch();
      const cancellation = testCancellation();
      probe.serve('stuck', kind, async (call): Promise<Reply> => {
        const requests = kind === 'server' ? undefined : probe.reader(call.messages());
        const stuck = call.metadata['stuck'] === 'yes';
        const read = kept(stuck ? slowly(requests, released) : (requests?.rest() ?? Promise.resolve([])));
        if (kind === 'client') return { value: (await read).length, metadata: noMetadata };
        const replies = probe.source(inTurn(sized(stuck ? stuckMessages : otherMessages, 8 * 1_024), read));
        return streamed(replies);
      });
      const open = async (stuck: boolean): Promise<readonly unknown[]> => {
        const sent = sized(stuck ? stuckMessages : otherMessages, 8 * 1_024);
        const requests = kind === 'server' ? undefined : probe.source(sent).messages;
        const options = stuck ? { metadata: { stuck: 'yes' }, cancellation } : {};
        const reply = await probe.stream(kind, 'stuck', { ...options, messages: requests });
        if (kind === 'client') return [reply.value];
        const replies = probe.reader(reply.messages);
        return stuck ? slowly(replies, released) : replies.rest();
      };
      const stuck = Array.from({ length: 64 }, () => settled(open(true)));
      const others = Array.from({ length: 64 }, () => settled(open(false)));
      for (let turn = 0; turn < 20; turn += 1) assert.equal(await probe.echo(turn), turn);
      for (const other of await Promise.all(others)) {
        assert.ok(!(other instanceof ServiceError), `a stream that nobody held up ended with ${other}`);
        if (kind === 'client') assert.equal(other[0], otherMessages);
        else assert.equal(other.length, otherMessages);
      }
      assert.equal(await probe.echo('after'), 'after');
      cancellation.cancel();
      released.open();
      for (const outcome of await Promise.all(stuck)) {
        // A wire that had room for all of it may have come to its end.
        if (outcome instanceof ServiceError) assert.equal(outcome.code, 'Canceled', outcome.message);
      }
    },
  },
];

/** Slow readers: they hold back their own producer, and nobody else. */
export const pressureCases: readonly ConformanceCase<TransportFixture>[] = promises.flatMap(ofEachKind);

/** The size of a large message, with a limit of 256 KiB. */
export const messageBytes = 64 * 1_024;

/** More messages of a size than a wire may take from a producer while nobody reads. */
export function messagesWithin(fixture: TransportFixture, bytes: number): number {
  return Math.ceil((fixture.wireBufferBytes ?? defaultWireBufferBytes) / bytes);
}

const defaultWireBufferBytes = 2 * 1_024 * 1_024;

/** 512 KiB in all: more than a window, little enough for 64 times as much where a wire has none. */
const stuckMessages = 64;
const otherMessages = 8;

/** Each producer there is stops within the bound while its reader stands after one message, and then all arrive. */
async function heldBack({ probe, kind, fixture }: StreamStage, bytes: number): Promise<void> {
  const bound = messagesWithin(fixture, bytes);
  // A producer that nobody holds back comes to its end a little beyond the bound.
  const total = bound + 64;
  const requests = probe.source(sized(total, bytes));
  // The end of the replies ends the call, so it comes after the last request.
  const allRead = new Latch();
  const replies = probe.source(inTurn(sized(total, bytes), allRead.opened));
  const released = new Latch();
  let read: Promise<readonly unknown[]> = Promise.resolve([]);
  probe.serve('slow', kind, async (call): Promise<Reply> => {
    if (kind !== 'server') read = kept(slowly(probe.reader(call.messages()), released));
    if (kind === 'client') return { value: (await read).length, metadata: noMetadata };
    kept(read.finally(() => allRead.open()));
    return streamed(replies);
  });
  const reply = probe.stream(kind, 'slow', { messages: kind === 'server' ? undefined : requests.messages });
  const arrived = kept(
    reply.then(({ value, messages }) => (kind === 'client' ? [value] : slowly(probe.reader(messages), released))),
  );
  const producers = kind === 'bidi' ? [requests, replies] : [kind === 'client' ? requests : replies];
  await probe.eventually(() => {
    for (const { made } of producers) assert.ok(made > 1, 'a producer was not asked for its messages');
  });
  await probe.heldBack(producers);
  assertBounded(producers, bound);
  released.open();
  const replied = await arrived;
  if (kind !== 'client') assertAll(replied, total);
  if (kind !== 'server') assertAll(await probe.bounded(read, 'the requests'), total);
}

function assertBounded(producers: readonly MessageSource[], bound: number): void {
  for (const { made } of producers) {
    assert.ok(made <= bound, `a producer made ${made} messages, and ${bound} fill 2 MiB, while nobody read them`);
  }
}

/** Reads one message, stands until it is released, and reads the rest. */
async function slowly(reader: MessageReader | undefined, released: Latch): Promise<readonly unknown[]> {
  const first = (await reader?.take(1)) ?? [];
  await released.opened;
  return [...first, ...((await reader?.rest()) ?? [])];
}

function assertAll(messages: readonly unknown[], total: number): void {
  const indices = messages.map((message) => (message as { readonly index: number }).index);
  assertSameData(
    indices,
    [...numbered(total)].map(({ index }) => index),
  );
}
