import {
  checkedTopic,
  type DeadLetter,
  type DeadLetterQuery,
  type DeadLetters,
  type Message,
  ServiceError,
} from '@tenon/contract';
import {
  checkedNumber,
  deadLetterTopic,
  readDeadLetter,
  requeuedMessage,
  throwIfAborted,
} from '@tenon/contract/authoring';
import type { Session } from '../link/session.js';
import { compareEntryIds, entryIdForm } from '../wire/entry-id.js';
import type { Keyspace } from '../wire/keyspace.js';
import { messageOfEntry } from './entry-message.js';

/** What the dead letters are read with. */
export interface RedisDeadLettersParts {
  /** The session of now. Rejects where there is none in time. */
  readonly session: (signal: AbortSignal | undefined) => Promise<Session>;
  readonly keys: Keyspace;
  readonly publish: (topic: string, message: Message) => Promise<void>;
}

/** The dead letters in Redis: entries of their topics' streams. Their handles are `TOPIC/ENTRY`. */
export class RedisDeadLetters implements DeadLetters {
  readonly #parts: RedisDeadLettersParts;

  constructor(parts: RedisDeadLettersParts) {
    this.#parts = parts;
  }

  async list({ topic, limit: given, signal }: DeadLetterQuery = {}): Promise<readonly DeadLetter[]> {
    const limit = checkedNumber('deadLetters.limit', given, { min: 1, max: 10_000, fallback: 100 });
    const session = await this.#parts.session(signal);
    const topics = topic === undefined ? await this.#topics(session) : [checkedTopic(topic)];
    const found: Place[] = [];
    for (const one of topics) found.push(...(await this.#lettersOf(session, one, limit, signal)));
    return found
      .sort((left, right) => compareEntryIds(left.entryId, right.entryId))
      .slice(0, limit)
      .map(({ letter }) => letter);
  }

  async requeue(id: string): Promise<void> {
    const session = await this.#parts.session(undefined);
    const place = placeOf(id);
    const [found] = place === undefined ? [] : await this.#read(session, place.topic, place.entryId, place.entryId, 1);
    if (found?.letter === undefined) {
      throw new ServiceError('NotFound', `there is no dead letter ${id}`, { executed: 'no' });
    }
    await this.#parts.publish(found.letter.topic, requeuedMessage(found.letter));
    await this.remove(id);
  }

  async remove(id: string): Promise<boolean> {
    const session = await this.#parts.session(undefined);
    const place = placeOf(id);
    if (place === undefined) return false;
    return Number(await session.command('XDEL', this.#parts.keys.stream(place.topic), place.entryId)) > 0;
  }

  async #topics(session: Session): Promise<readonly string[]> {
    const all = (await session.command('SMEMBERS', this.#parts.keys.topics)) as readonly Buffer[];
    return all.map(String).filter((topic) => topic === deadLetterTopic || topic.startsWith(`${deadLetterTopic}.`));
  }

  /** The oldest, as many as asked for; what others have put there is passed over. */
  async #lettersOf(
    session: Session,
    topic: string,
    limit: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Place[]> {
    const letters: Place[] = [];
    for (let from = '-'; letters.length < limit; ) {
      throwIfAborted(signal);
      const page = await this.#read(session, topic, from, '+', pageSize);
      for (const { entryId, letter } of page) if (letter !== undefined) letters.push({ entryId, letter });
      const last = page.at(-1);
      if (last === undefined || page.length < pageSize) break;
      from = `(${last.entryId}`;
    }
    return letters.slice(0, limit);
  }

  async #read(session: Session, topic: string, from: string, to: string, count: number): Promise<readonly Read[]> {
    const reply = await session.command('XRANGE', this.#parts.keys.stream(topic), from, to, 'COUNT', count);
    return (reply as readonly (readonly [Buffer, readonly Buffer[]])[]).map(([id, fields]) => {
      const entryId = String(id);
      return { entryId, letter: letterOf(`${topic}/${entryId}`, fields) };
    });
  }
}

interface Read {
  readonly entryId: string;
  readonly letter: DeadLetter | undefined;
}

interface Place extends Read {
  readonly letter: DeadLetter;
}

function letterOf(handle: string, fields: readonly Buffer[]): DeadLetter | undefined {
  try {
    return readDeadLetter(handle, messageOfEntry({ fields }));
  } catch {
    // Somebody else's entry.
    return undefined;
  }
}

function placeOf(id: string): { readonly topic: string; readonly entryId: string } | undefined {
  const [topic = '', entryId = '', ...more] = id.split('/');
  return more.length === 0 && topic !== '' && entryIdForm.test(entryId) ? { topic, entryId } : undefined;
}

const pageSize = 100;
