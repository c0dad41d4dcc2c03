import type { Clock, Message } from '@tenon/contract';
import type { Envelope } from './envelope.js';
import { readUint32, writeUint32 } from './uint32.js';

/**
 * Puts events of one topic that are published in the same turn into one NATS message, where the topic is busy enough for that to
 * pay: a message costs the server and every subscriber's client about a microsecond, however small it is.
 *
 * A batch goes to one member of a queue. So that jobs are still shared out one by one, a topic counts as busy only while it has
 * more than ten thousand events a second. `docs/wire/nats-envelope.md` is the form.
 */
export class EventBatch {
  readonly #packInto: PackInto;
  readonly #write: (topic: string, payload: Uint8Array) => void;
  readonly #clock: Clock;
  readonly #rates = new Map<string, TopicRate>();
  #latest = new TopicRate('');
  #topic = '';
  /** The batch so far; made by the first. */
  #bytes: Buffer | undefined;
  #end = headBytes;
  #count = 0;
  /** What is full and has not left. */
  #full: Buffer[] = [];
  #fullBytes = 0;
  #isAwaitingTurnEnd = false;

  /** @param write - sends a payload; must not throw. */
  constructor(packInto: PackInto, write: (topic: string, payload: Uint8Array) => void, clock: Clock) {
    this.#packInto = packInto;
    this.#write = write;
    this.#clock = clock;
  }

  /** How many bytes of a batch the event takes; 0 where it was not taken, and is the caller's to send after {@link flush}. */
  add(topic: string, message: Message): number {
    const rate = this.#latest.topic === topic ? this.#latest : this.#rateOf(topic);
    if (!rate.isHigh(this.#clock) || message.body.length > maxEventBytes) return 0;
    if (topic !== this.#topic) this.flush();
    if (this.#count === 0 && this.#full.length === 0 && !rate.isStillHigh(this.#clock)) return 0;
    let bytes = this.#take(message);
    if (bytes === 0 && this.#count > 0) {
      this.#close();
      bytes = this.#take(message);
    }
    return bytes === 0 ? 0 : this.#taken(topic, bytes);
  }

  /** Sends what was taken. */
  flush(): void {
    if (this.#count > 0) this.#close();
    this.#sendFull();
  }

  /** Forgets what was taken. */
  clear(): void {
    this.#full = [];
    this.#fullBytes = 0;
    this.#empty();
  }

  readonly #onTurnEnd = (): void => {
    this.#isAwaitingTurnEnd = false;
    this.flush();
  };

  #sendFull(): void {
    const full = this.#full;
    if (full.length === 0) return;
    this.#full = [];
    this.#fullBytes = 0;
    for (const payload of full) this.#write(this.#topic, payload);
  }

  /** The batch is to have no further events. It leaves with the others of this turn, all in one write of the client. */
  #close(): void {
    const payload = this.#payload(this.#count === 1 ? headBytes + lengthBytes : 0);
    this.#empty();
    this.#full.push(payload);
    this.#fullBytes += payload.length;
  }

  #empty(): void {
    this.#count = 0;
    this.#end = headBytes;
  }

  /** The client keeps what it is given until it writes: of a batch that is half full or more that is the room itself, else a copy. */
  #payload(start: number): Buffer {
    const bytes = this.#bytes as Buffer;
    if (this.#end * 2 < bytes.length) return Buffer.from(bytes.subarray(start, this.#end));
    this.#bytes = undefined;
    return bytes.subarray(start, this.#end);
  }

  /** Its bytes, or 0. */
  #take(message: Message): number {
    this.#bytes ??= emptyBatch();
    const start = this.#end + lengthBytes;
    const end = this.#packInto(this.#bytes, start, message);
    if (end === 0) return 0;
    writeUint32(this.#bytes, this.#end, end - start);
    this.#end = end;
    return end - start;
  }

  #taken(topic: string, bytes: number): number {
    this.#topic = topic;
    this.#count += 1;
    if (!this.#isAwaitingTurnEnd) {
      this.#isAwaitingTurnEnd = true;
      // Behind the microtasks of this turn too, as those of a loop that awaits each event.
      process.nextTick(this.#onTurnEnd);
    }
    if (this.#count >= maxEvents) this.#close();
    if (this.#fullBytes >= mostHeldBytes) this.#sendFull();
    return lengthBytes + bytes;
  }

  #rateOf(topic: string): TopicRate {
    let rate = this.#rates.get(topic);
    if (rate === undefined) {
      if (this.#rates.size >= maxTopics) this.#rates.clear();
      rate = new TopicRate(topic);
      this.#rates.set(topic, rate);
    }
    this.#latest = rate;
    return rate;
  }
}

type PackInto = NonNullable<Envelope['packInto']>;

/** How fast one topic is published to. The clock is read once for many events. */
class TopicRate {
  #count = 0;
  #since = Number.NEGATIVE_INFINITY;
  #heardAt = Number.NEGATIVE_INFINITY;
  #isHigh = false;

  constructor(readonly topic: string) {}

  /** Counts an event. */
  isHigh(clock: Clock): boolean {
    this.#count += 1;
    if (this.#count < busyEvents) return this.#isHigh;
    const now = clock.now();
    this.#isHigh = now - this.#since < busyMs;
    this.#count = 0;
    this.#since = now;
    this.#heardAt = now;
    return this.#isHigh;
  }

  /** Whether there was no pause since it was found to be high. */
  isStillHigh(clock: Clock): boolean {
    const now = clock.now();
    this.#isHigh = now - this.#heardAt < busyMs;
    this.#heardAt = now;
    return this.#isHigh;
  }
}

export function isBatch(payload: Uint8Array): boolean {
  return payload[0] === batchMagic;
}

/** Where the events of a batch begin and end, in turns, in order. @throws RangeError where it is cut off. */
export function eventsOf(batch: Uint8Array): readonly number[] {
  const bounds: number[] = [];
  const { length } = batch;
  for (let position = 1; position < length; position = bounds.at(-1) as number) {
    const start = position + lengthBytes;
    const end = start + readUint32(batch, position);
    if (start > length || end > length) throw new RangeError(`a batch of ${length} bytes ends inside an event`);
    bounds.push(start, end);
  }
  return bounds;
}

function emptyBatch(): Buffer {
  const bytes = Buffer.allocUnsafe(maxBatchBytes);
  bytes[0] = batchMagic;
  return bytes;
}

/** High half: a batch of events. Low half: version 1 of its form. No event and no valid UTF-8 text begins with it. */
const batchMagic = 0xb1;
const headBytes = 1;
const lengthBytes = 4;
/** What gains little by company, and would be copied for it. */
const maxEventBytes = 2 * 1_024;
/** No batch is larger, its own bytes included: server and clients read 64 KiB at once, and copy each message that is in two pieces then. */
export const maxBatchBytes = 16 * 1_024;
/** So much of one turn is held until it ends. */
const mostHeldBytes = 64 * 1_024;
const maxEvents = 64;
/** A topic is busy where so many events … */
const busyEvents = 1_000;
/** … come within so long. */
const busyMs = 100;
const maxTopics = 1_024;
