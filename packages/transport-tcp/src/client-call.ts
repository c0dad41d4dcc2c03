import type { Call, ServiceError } from '@tenon/contract';
import type { DeadlineWheel } from '@tenon/contract/authoring';
import type { BufferPool } from './buffer-pool.js';
import { callerGaveUp, timeRanOut } from './control-payload.js';
import type { NamedEndpoint } from './endpoint-names.js';
import { callFrame, cancelFrame, restFrame } from './frame.js';
import type { IncomingLimits } from './incoming-stream.js';
import type { Assemblies } from './message-assembly.js';
import type { OutgoingWay } from './outgoing-stream.js';
import type { PayloadCursor } from './payload-cursor.js';
import type { LongMessage } from './piece-queue.js';
import type { TurnQueue } from './turn-queue.js';
import type { MetadataReader, MetadataWriter } from './wire-metadata.js';

/** A call under way, as the client's connection sees it. Each method takes what the server said about it. */
export interface ClientCall {
  /** `waitingId` until it is sent. */
  readonly id: number;
  /** REPLY: `start` is where its metadata begin. */
  replied(buffer: Buffer, start: number, end: number, more: boolean): void;
  rest(buffer: Buffer, start: number, end: number, more: boolean): void;
  head(buffer: Buffer, start: number, end: number): void;
  data(buffer: Buffer, start: number, end: number, more: boolean): void;
  serverEnded(): void;
  failed(error: ServiceError): void;
  serverStopped(): void;
  granted(bytes: number): void;
  /** The connection ended for that reason. */
  lost(reason: ServiceError): void;
}

/** A call that waits for a slot. */
export interface WaitingCall extends ClientCall {
  /** Whether it ended while it waited. */
  readonly over: boolean;
  /** A slot is free: sends the call. It is `now` by the clock. */
  start(id: number, now: number): void;
}

/** What a call needs of its connection. */
export interface ClientWay extends OutgoingWay {
  /** When the bytes that are being taken arrived. */
  readonly heardAt: number;
  readonly wheel: DeadlineWheel;
  readonly metadataWriter: MetadataWriter;
  readonly metadataReader: MetadataReader;
  readonly cursor: PayloadCursor;
  readonly assemblies: Assemblies;
  readonly turns: TurnQueue;
  readonly buffers: BufferPool;
  /** What this side takes. */
  readonly takes: IncomingLimits;
  /** What the server takes of each stream before it grants more. */
  readonly streamWindow: number;
  /** The id of the node, where it is known. */
  readonly node: string | undefined;
  /** The call is over; `unheard` where the server was told nothing of it. */
  over(call: ClientCall, unheard: boolean): void;
  /** For what nobody waits for, but should be known. */
  note(message: string, error: unknown): void;
}

/**
 * Writes a CALL frame.
 *
 * @returns the message, where it is long and leaves in pieces.
 * @throws ServiceError what the encoder throws, and `ResourceExhausted` for a request over the server's limit; nothing
 * is sent then.
 */
export function sendCall(
  way: ClientWay,
  id: number,
  { number, codec, encoder, hasRequest }: NamedEndpoint,
  call: Call,
  leftMs: number,
): LongMessage | undefined {
  const { writer, metadataWriter } = way;
  const entries = metadataWriter.announce(call.metadata);
  writer.begin(callFrame, id);
  const { buffer, position } = writer;
  buffer[position] = number >>> 8;
  buffer[position + 1] = number;
  buffer[position + 2] = codec.peerIndex;
  buffer[position + 3] = entries;
  const leftMicros = timeLeft(leftMs);
  buffer[position + 4] = leftMicros >>> 24;
  buffer[position + 5] = leftMicros >>> 16;
  buffer[position + 6] = leftMicros >>> 8;
  buffer[position + 7] = leftMicros;
  writer.position = position + callHeadBytes;
  if (entries > 0) metadataWriter.write(call.metadata);
  if (!hasRequest) {
    writer.end();
    return undefined;
  }
  writer.beginMessage(way.maxMessageBytes);
  try {
    encoder(call.value, writer);
    writer.checkMessage();
  } catch (thrown) {
    writer.rollBack();
    throw thrown;
  }
  const long = writer.endMessage(restFrame);
  if (codec.linked) way.codecs.encoded(codec);
  return long;
}

/** Writes a CANCEL frame. */
export function sendCancel(way: ClientWay, id: number, reason: ServiceError): void {
  const { writer } = way;
  writer.begin(cancelFrame, id);
  writer.buffer[writer.position] = reason.code === 'DeadlineExceeded' ? timeRanOut : callerGaveUp;
  writer.position += 1;
  writer.end();
}

/** In whole microseconds, at least one; 0, which is none, where there is more than the field can say: 71 minutes. */
function timeLeft(leftMs: number): number {
  const micros = Math.floor(leftMs * 1_000);
  return micros > maxTimeLeft ? 0 : Math.max(1, micros);
}

const maxTimeLeft = 2 ** 32 - 1;
const callHeadBytes = 8;
