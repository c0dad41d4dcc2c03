import { type CancelTimer, type Clock, type Logger, ServiceError } from '@tenon/contract';
import type { Database, Statement } from 'node-sqlite3-wasm';

/** What SQLite stores. */
export type Value = number | bigint | string | Uint8Array | null;
export type Row = Readonly<Record<string, Value>>;

/**
 * SQLite, written in groups: what is asked for in one turn is one transaction with one fsync, so that a thousand publishes cost hardly
 * more than one.
 */
export class SpoolDatabase {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #statements = new Map<string, Statement>();
  #batch: Write[] = [];
  #later: Write[] = [];
  #cancelLater: CancelTimer | undefined;
  #isScheduled = false;
  #isClosed = false;

  private constructor(database: Database, clock: Clock, logger: Logger) {
    this.#database = database;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Opens the file, and makes it where it is not there. The library is loaded here, and nowhere before. */
  static async open(file: string, schema: string, clock: Clock, logger: Logger): Promise<SpoolDatabase> {
    // CommonJS, whose names Node does not see from outside.
    const { Database } = (await import('node-sqlite3-wasm')).default;
    try {
      const database = new Database(file);
      // Exclusive, so that the write-ahead log needs no shared memory, which WebAssembly has not. Full: each commit is synced.
      for (const pragma of ['locking_mode=exclusive', 'journal_mode=wal', 'synchronous=full', 'wal_autocheckpoint=500'])
        database.all(`pragma ${pragma}`);
      database.exec(schema);
      return new SpoolDatabase(database, clock, logger);
    } catch (cause) {
      throw new ServiceError('Unavailable', `the spool ${file} cannot be opened: ${(cause as Error).message}`, {
        executed: 'no',
        cause,
      });
    }
  }

  get(sql: string, values: Value[] = []): Row | undefined {
    return (this.#statement(sql).get(values) ?? undefined) as Row | undefined;
  }

  all(sql: string, values: Value[] = []): readonly Row[] {
    return this.#statement(sql).all(values) as unknown as readonly Row[];
  }

  /** Only within a write. Gives the id of an inserted row. */
  run(sql: string, values: Value[] = []): number {
    return Number(this.#statement(sql).run(values).lastInsertRowid);
  }

  /**
   * Resolves with what `work` returned, once that is on disk. Rejects with `Unavailable`, and nothing of it is written, where the disk
   * takes no more.
   */
  write<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closedError());
      let result: T;
      this.#add({
        work: () => {
          result = work();
        },
        done: () => resolve(result),
        failed: (error) => reject(error),
      });
    });
  }

  /**
   * Writes something that nobody waits for, with the next write or a little later, and calls `done` once it is on disk. Where the disk
   * takes no more it is tried again.
   */
  writeLater(work: () => void, done: () => void = () => {}): void {
    if (this.#isClosed) return;
    const write: Write = { work, done, failed: () => this.#later.push(write) };
    this.#later.push(write);
    this.#cancelLater ??= this.#clock.after(laterMs, () => this.#flush());
  }

  /** Writes what was asked for, and frees the file. */
  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#finalize();
    this.#database.close();
  }

  /** With all that is asked for in this turn. */
  #add(write: Write): void {
    this.#batch.push(write);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    this.#cancelLater?.();
    this.#cancelLater = undefined;
    // What waited came first.
    const batch = [...this.#later, ...this.#batch];
    this.#later = [];
    this.#batch = [];
    if (this.#isClosed || batch.length === 0) return;
    try {
      this.#database.exec('begin immediate');
      for (const { work } of batch) work();
      this.#database.exec('commit');
    } catch (error) {
      this.#rollBack();
      this.#logger.error('the spool cannot be written', { error, writes: batch.length });
      for (const { failed } of batch) failed(writeError(error));
      if (this.#later.length > 0) this.#cancelLater = this.#clock.after(retryMs, () => this.#flush());
      return;
    }
    for (const { done } of batch) done();
  }

  #rollBack(): void {
    this.#finalize();
    try {
      if (this.#database.inTransaction) this.#database.exec('rollback');
    } catch {
      // SQLite has rolled back by itself, as it does where the disk is full.
    }
  }

  /** A statement that has failed cannot be used again: the library takes its old error for a new one. */
  #finalize(): void {
    for (const statement of this.#statements.values()) {
      try {
        statement.finalize();
      } catch {
        // Its old error once more; it is freed all the same.
      }
    }
    this.#statements.clear();
  }

  #statement(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

interface Write {
  readonly work: () => void;
  readonly done: () => void;
  readonly failed: (error: ServiceError) => void;
}

function writeError(cause: unknown): ServiceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new ServiceError('Unavailable', `the spool cannot be written: ${why}`, { executed: 'no', cause });
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the HTTP broker was closed', { executed: 'no' });
}

/** Long enough to gather what many handlers have done, short enough that little comes again after a crash. */
const laterMs = 20;
const retryMs = 1_000;
