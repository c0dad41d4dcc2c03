import type { Clock } from '@tenon/contract';

/**
 * Puts events of one topic that are published in the same turn into one NATS message, where the topic is busy enough for that to
 * pay: a message costs the server and every subscriber's client about a microsecond, however small it is.
 *
 * A batch goes to one member of a queue. So that jobs are still shared out one by one, a topic counts as busy only while it has
 * more than ten thousand events a second. `docs/wire/nats-envelope.md` is the form.
 */
export class EventBatch {
  readonly #write: (topic: string, payload: Uint8Array) => void;
  readonly #clock: Clock;
  readonly #rates = new Map<string, TopicRate>();
  #latest = new TopicRate('');
  #topic = '';
  #events: Uint8Array[] = [];
  #bytes = 0;

  /** @param write - sends a payload; must not throw. */
  constructor(write: (topic: string, payload: Uint8Array) => void, clock: Clock) {
    this.#write = write;
    this.#clock = clock;
  }

  /** Whether the event was taken, to go with the turn; else it is the caller's to send, after {@link flush}. */
  add(topic: string, payload: Uint8Array): boolean {
    const rate = this.#latest.topic === topic ? this.#latest : this.#rateOf(topic);
    if (!rate.isHigh(this.#clock) || payload.length > maxEventBytes) return false;
    if (topic !== this.#topic || 1 + this.#bytes + lengthBytes + payload.length > maxBatchBytes) this.flush();
    if (this.#events.length === 0) {
      if (!rate.isStillHigh(this.#clock)) return false;
      this.#topic = topic;
      // Behind the microtasks of this turn too, as those of a loop that awaits each event.
      process.nextTick(this.#onTurnEnd);
    }
    this.#events.push(payload);
    this.#bytes += lengthBytes + payload.length;
    if (this.#events.length >= maxEvents) this.flush();
    return true;
  }

  /** Sends what was taken. */
  flush(): void {
    const events = this.#events;
    if (events.length === 0) return;
    const payload = events.length === 1 ? (events[0] as Uint8Array) : batchOf(events, this.#bytes);
    this.clear();
    this.#write(this.#topic, payload);
  }

  /** Forgets what was taken. */
  clear(): void {
    this.#events = [];
    this.#bytes = 0;
  }

  readonly #onTurnEnd = (): void => this.flush();

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
    const end = start + lengthAt(batch, position);
    if (start > length || end > length) throw new RangeError(`a batch of ${length} bytes ends inside an event`);
    bounds.push(start, end);
  }
  return bounds;
}

function lengthAt(batch: Uint8Array, position: number): number {
  const at = (offset: number): number => batch[position + offset] ?? 0;
  return at(0) * 2 ** 24 + ((at(1) << 16) | (at(2) << 8) | at(3));
}

function batchOf(events: readonly Uint8Array[], bytes: number): Buffer {
  const payload = Buffer.allocUnsafe(1 + bytes);
  payload[0] = batchMagic;
  let position = 1;
  for (const event of events) {
    position = payload.writeUInt32BE(event.length, position);
    payload.set(event, position);
    position += event.length;
  }
  return payload;
}

/** High half: a batch of events. Low half: version 1 of its form. No event and no valid UTF-8 text begins with it. */
const batchMagic = 0xb1;
const lengthBytes = 4;
/** What gains little by company, and would be copied for it. */
const maxEventBytes = 2 * 1_024;
/** No batch is larger, its own bytes included. */
export const maxBatchBytes = 16 * 1_024;
const maxEvents = 32;
/** A topic is busy where so many events … */
const busyEvents = 1_000;
/** … come within so long. */
const busyMs = 100;
const maxTopics = 1_024;
