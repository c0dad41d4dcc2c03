import { ServiceError, type StartFrom } from '@tenon/contract';
import type { Session } from '../link/session.js';
import { ackScript, holdScript, joinScript, takeScript } from '../scripts/group.js';
import { beforeSequence, beforeTime } from '../wire/entry-id.js';
import type { Keyspace } from '../wire/keyspace.js';

/** An entry of a stream that was handed out. */
export interface Entry {
  readonly id: string;
  /** How often it was handed out, 1 the first time. */
  readonly attempt: number;
  /** Names and values by turns, as whoever put it there wrote them. */
  readonly fields: readonly Buffer[];
}

/** What taking gave. */
export interface Taken {
  readonly entries: readonly Entry[];
  /** In how many milliseconds something that is in someone's hands is anyone's again; undefined where nothing is. */
  readonly nextMs: number | undefined;
}

/** How much is asked for, and how. */
export interface Wanted {
  readonly count: number;
  readonly holdMs: number;
  readonly ordered: boolean;
}

/** One member's view of a group that reads a stream: a queue, or a subscriber of its own, which is a guest. */
export class Group {
  readonly #keys: Keyspace;
  readonly #topic: string;
  readonly #name: string;
  readonly #consumer: string;
  readonly #isGuest: boolean;

  constructor(keys: Keyspace, topic: string, queue: string | undefined, consumer: string) {
    this.#keys = keys;
    this.#topic = topic;
    this.#isGuest = queue === undefined;
    // A queue has no `@` in its name.
    this.#name = queue ?? `@${consumer}`;
    this.#consumer = consumer;
  }

  get wakeChannel(): string {
    return this.#keys.wakeChannel(this.#topic);
  }

  /** Finds the group, or makes it to read what comes after an entry. Resolves with the last entry that it has handed out. */
  async join(session: Session, after: string): Promise<string> {
    const last = await session.run(
      joinScript,
      [this.#stream, this.#keys.topics, this.#keys.guests],
      [this.#topic, this.#name, after, this.#isGuest ? 1 : 0, this.#keys.prefix, forgottenAfterMs],
    );
    return String(last);
  }

  async take(session: Session, { count, holdMs, ordered }: Wanted): Promise<Taken> {
    const guest = this.#isGuest ? this.#guest : '';
    const reply = await session.run(
      takeScript,
      [this.#stream, this.#due, this.#keys.guests],
      [this.#name, this.#consumer, count, holdMs, ordered ? 1 : 0, guest],
    );
    const [taken, nextMs] = reply as readonly [readonly (readonly [Buffer, number, readonly Buffer[]])[], number];
    return {
      entries: taken.map(([id, attempt, fields]) => ({ id: String(id), attempt: Number(attempt), fields })),
      nextMs: nextMs < 0 ? undefined : nextMs,
    };
  }

  async ack(session: Session, id: string): Promise<void> {
    await session.run(ackScript, [this.#stream, this.#due], [this.#name, id]);
  }

  /** Keeps an entry from the others for so long. Nothing where somebody else has it by now. */
  async hold(session: Session, { id, attempt }: Pick<Entry, 'id' | 'attempt'>, forMs: number): Promise<void> {
    const given = [this.#name, this.#consumer, id, attempt, Math.ceil(forMs), this.wakeChannel];
    await session.run(holdScript, [this.#stream, this.#due], given);
  }

  /** What the server takes to be in our hands: after a lost connection that may be more than came. */
  async held(session: Session, limit: number): Promise<readonly Pick<Entry, 'id' | 'attempt'>[]> {
    const reply = await session.command('XPENDING', this.#stream, this.#name, '-', '+', limit, this.#consumer);
    return (reply as readonly (readonly [Buffer, Buffer, number, number])[]).map(([id, , , attempt]) => ({
      id: String(id),
      attempt: Number(attempt),
    }));
  }

  /** Leaves: a guest takes its group along. */
  async leave(session: Session): Promise<void> {
    if (!this.#isGuest) return;
    await session.command('XGROUP', 'DESTROY', this.#stream, this.#name);
    await session.command('DEL', this.#due);
    await session.command('ZREM', this.#keys.guests, this.#guest);
  }

  get #stream(): string {
    return this.#keys.stream(this.#topic);
  }

  get #due(): string {
    return this.#keys.due(this.#topic, this.#name);
  }

  get #guest(): string {
    return `${this.#topic}/${this.#name}`;
  }
}

/** After which entry a group begins, as `XGROUP CREATE` wants it. */
export function startAfter(start: StartFrom): string {
  if (start === 'new') return '$';
  if (start === 'first') return '0';
  return 'sequence' in start ? beforeSequence(start.sequence) : beforeTime(start.timeMs);
}

/** Whether the server says that the group is not there, as after it lost its data. */
export function isGone(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'NotFound';
}

/** A guest that has not been heard of for so long is dead. */
const forgottenAfterMs = 600_000;
