import type { Clock, Logger } from '@tenon/contract';
import { type Row, SpoolDatabase } from './spool-database.js';

/** A message in the spool, in the form in which it is posted. */
export interface StoredMessage {
  readonly topic: string;
  readonly body: Buffer;
  readonly timeMs: number;
}

/** One message for one queue or subscriber. */
export interface StoredEntry {
  readonly id: number;
  readonly message: number;
  readonly target: string;
  readonly attempts: number;
}

/** A queue that had a member once. */
export interface StoredQueue {
  readonly pattern: string;
  readonly queue: string;
  readonly isOrdered: boolean;
  /** When it had a member last, in milliseconds since 1970. */
  readonly seenMs: number;
}

/** What is on disk: messages, for whom each is still to be handled, queues, and dead letters. */
export class SpoolStore {
  readonly #database: SpoolDatabase;
  #bytes: number;

  private constructor(database: SpoolDatabase) {
    this.#database = database;
    this.#bytes = Number(database.get('select coalesce(sum(length(body)), 0) as bytes from messages')?.['bytes']);
  }

  static async open(file: string, clock: Clock, logger: Logger): Promise<SpoolStore> {
    return new SpoolStore(await SpoolDatabase.open(file, schema, clock, logger));
  }

  /** What the bodies of all messages take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a message for some targets, and resolves with an entry for each once it is on disk. */
  async add({ topic, body, timeMs }: StoredMessage, targets: readonly string[]): Promise<readonly StoredEntry[]> {
    // Counted before it is written, so that what is asked for at once is held to the bound too.
    this.#bytes += body.length;
    try {
      return await this.#database.write(() => {
        const message = this.#database.run('insert into messages (topic, body, time_ms) values (?, ?, ?)', [
          topic,
          body,
          timeMs,
        ]);
        return targets.map((target) => {
          const id = this.#database.run('insert into entries (message, target) values (?, ?)', [message, target]);
          return { id, message, target, attempts: 0 };
        });
      });
    } catch (error) {
      this.#bytes -= body.length;
      throw error;
    }
  }

  /** Every entry, in the order in which they were added. */
  entries(): readonly StoredEntry[] {
    return this.#database.all('select id, message, target, attempts from entries order by id').map((row) => ({
      id: Number(row['id']),
      message: Number(row['message']),
      target: String(row['target']),
      attempts: Number(row['attempts']),
    }));
  }

  message(id: number): StoredMessage | undefined {
    const row = this.#database.get('select topic, body, time_ms from messages where id = ?', [id]);
    return row === undefined ? undefined : messageIn(row);
  }

  /** Written soon: lost with a process that dies before, whose entry then comes once more. */
  noteAttempts({ id, attempts }: { readonly id: number; readonly attempts: number }): void {
    this.#database.writeLater(() => {
      this.#database.run('update entries set attempts = ? where id = ?', [attempts, id]);
    });
  }

  /** Written soon, as attempts are. A message goes with its last entry. */
  remove({ id, message }: { readonly id: number; readonly message: number }): void {
    let freed = 0;
    const work = (): void => {
      freed = 0;
      this.#database.run('delete from entries where id = ?', [id]);
      const left = this.#database.get('select 1 as yes from entries where message = ? limit 1', [message]);
      if (left !== undefined) return;
      const row = this.#database.get('select length(body) as bytes from messages where id = ?', [message]);
      freed = Number(row?.['bytes'] ?? 0);
      this.#database.run('delete from messages where id = ?', [message]);
    };
    this.#database.writeLater(work, () => {
      this.#bytes -= freed;
    });
  }

  queues(): readonly StoredQueue[] {
    return this.#database.all('select pattern, queue, ordered, seen_ms from queues').map((row) => ({
      pattern: String(row['pattern']),
      queue: String(row['queue']),
      isOrdered: row['ordered'] === 1,
      seenMs: Number(row['seen_ms']),
    }));
  }

  noteQueue({ pattern, queue, isOrdered, seenMs }: StoredQueue): void {
    this.#database.writeLater(() => {
      this.#database.run('insert or replace into queues (pattern, queue, ordered, seen_ms) values (?, ?, ?, ?)', [
        pattern,
        queue,
        isOrdered ? 1 : 0,
        seenMs,
      ]);
    });
  }

  forgetQueue({ pattern, queue }: { readonly pattern: string; readonly queue: string }): void {
    this.#database.writeLater(() => {
      this.#database.run('delete from queues where pattern = ? and queue = ?', [pattern, queue]);
    });
  }

  /** Keeps a dead letter, and resolves once it is on disk. The oldest go where there are more than `limit`. */
  addLetter({ topic, body, timeMs }: StoredMessage, limit: number): Promise<void> {
    return this.#database.write(() => {
      const id = this.#database.run('insert into letters (topic, body, time_ms) values (?, ?, ?)', [
        topic,
        body,
        timeMs,
      ]);
      this.#database.run('delete from letters where id <= ?', [id - limit]);
    });
  }

  /** Dead letters of one topic, or of all topics that begin so; the oldest first. */
  letters(
    topic: string,
    prefix: string | undefined,
    limit: number,
  ): readonly (StoredMessage & { readonly id: number })[] {
    const rows = this.#database.all(
      'select id, topic, body, time_ms from letters where topic = ? or substr(topic, 1, ?) = ? order by id limit ?',
      [topic, prefix?.length ?? 0, prefix ?? '-', limit],
    );
    return rows.map((row) => ({ id: Number(row['id']), ...messageIn(row) }));
  }

  letter(id: number): StoredMessage | undefined {
    const row = this.#database.get('select topic, body, time_ms from letters where id = ?', [id]);
    return row === undefined ? undefined : messageIn(row);
  }

  /** Resolves with whether it was there. */
  removeLetter(id: number): Promise<boolean> {
    return this.#database.write(() => {
      const isThere = this.#database.get('select 1 as yes from letters where id = ?', [id]) !== undefined;
      if (isThere) this.#database.run('delete from letters where id = ?', [id]);
      return isThere;
    });
  }

  close(): void {
    this.#database.close();
  }
}

function messageIn(row: Row): StoredMessage {
  return {
    topic: String(row['topic']),
    body: Buffer.from(row['body'] as Uint8Array),
    timeMs: Number(row['time_ms']),
  };
}

const schema = `
  create table if not exists messages (
    id integer primary key autoincrement, topic text not null, body blob not null, time_ms real not null
  );
  create table if not exists entries (
    id integer primary key autoincrement, message integer not null, target text not null, attempts integer not null default 0
  );
  create index if not exists entries_by_message on entries (message);
  create table if not exists queues (
    pattern text not null, queue text not null, ordered integer not null, seen_ms real not null, primary key (pattern, queue)
  );
  create table if not exists letters (
    id integer primary key autoincrement, topic text not null, body blob not null, time_ms real not null
  );
`;
