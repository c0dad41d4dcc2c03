import assert from 'node:assert/strict';
import { noMetadata, type Reply, ServiceError } from '@tenon/contract';
import type { Probe, ProbeCall } from '../probe.js';
import { Latch } from './latch.js';
import type { MessageReader } from './message-reader.js';
import { inTurn, numbered } from './message-source.js';
import { type StreamKind, streamed } from './stream-case.js';

/**
 * A stream in its middle: three messages have crossed in each direction that it has, and both producers wait inside, where
 * nobody can return from them, until `goOn`; then three more follow.
 */
export interface StreamUnderWay {
  /** How it ends for the caller: with all replies that arrived, or with an error. */
  readonly outcome: Promise<readonly unknown[] | ServiceError>;
  /** How reading the requests ends for the handler; undefined for a server stream. */
  readonly read: Promise<readonly unknown[] | ServiceError> | undefined;
  goOn(): void;
}

/** Makes one, on the endpoint `middle`. */
export async function streamUnderWay(probe: Probe, kind: StreamKind, call: ProbeCall = {}): Promise<StreamUnderWay> {
  const gate = new Latch();
  let requests: MessageReader | undefined;
  let read: StreamUnderWay['read'];
  probe.serve('middle', kind, async (incoming): Promise<Reply> => {
    if (kind !== 'server') {
      requests = probe.reader(incoming.messages());
      read = settled(requests.rest());
    }
    if (kind === 'client') return { value: await read, metadata: noMetadata };
    // The end of the replies ends the call, so it comes after the last request.
    const replies = probe.source(inTurn(numbered(3), gate.opened, read ?? [], numbered(3, 3)));
    return streamed(replies);
  });
  const messages =
    kind === 'server' ? undefined : probe.source(inTurn(numbered(3), gate.opened, numbered(3, 3))).messages;
  const reply = probe.stream(kind, 'middle', { ...call, messages });
  let replies: MessageReader | undefined;
  const outcome = settled(
    reply.then((arrived) => {
      if (kind === 'client') return [arrived.value];
      replies = probe.reader(arrived.messages);
      return replies.rest();
    }),
  );
  await probe.eventually(() => {
    assert.ok(kind === 'server' || requests?.taken.length === 3, 'three requests did not reach the handler');
    assert.ok(kind === 'client' || replies?.taken.length === 3, 'three replies did not reach the caller');
  });
  return { outcome, read, goOn: () => gate.open() };
}

/** What was read, or the error instead. */
export async function settled(reading: Promise<readonly unknown[]>): Promise<readonly unknown[] | ServiceError> {
  try {
    return await reading;
  } catch (thrown) {
    return ServiceError.from(thrown);
  }
}

/** Asserts that a stream ended in an error for its caller, and that the handler's reading of requests ended too. */
export async function assertEnded(
  probe: Probe,
  stream: StreamUnderWay,
  code: ServiceError['code'],
): Promise<ServiceError> {
  const error = await stream.outcome;
  assert.ok(error instanceof ServiceError, 'the stream succeeded');
  assert.equal(error.code, code, error.message);
  assert.notEqual(error.executed, 'no', 'a handler that answered has run');
  await probe.eventually(() => {
    assert.equal(probe.cancels.length, 1, 'the handler was not told once that its caller left');
  });
  assert.ok(probe.cancels[0] instanceof ServiceError);
  if (stream.read === undefined) return error;
  const read = await probe.bounded(stream.read, "the handler's reading of requests");
  assert.ok(read instanceof ServiceError, 'the requests ended as if the caller had ended its side');
  return error;
}
