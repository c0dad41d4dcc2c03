import type { Redis } from 'ioredis';
import type { Script } from '../scripts/script.js';
import { redisError, refusalOf } from './redis-error.js';

/** What a script is given: text, numbers and bytes. */
export type Argument = string | number | Buffer;

/**
 * Two connections to one server, one for commands and one for what is published, from the moment both work until either is lost or both
 * are closed. It never reconnects.
 */
export class Session {
  readonly server: string;
  /** For what is published: it can do nothing but subscribe. */
  readonly events: Redis;
  /** Resolves when it has ended, for whichever reason; never rejects. */
  readonly ended: Promise<void>;
  readonly #commands: Redis;
  /** By which the server knows the scripts that it was given. */
  readonly #hashes: ReadonlyMap<Script, string>;
  #isOpen = true;
  #onEnd: () => void = () => {};

  constructor(server: string, commands: Redis, events: Redis, hashes: ReadonlyMap<Script, string>) {
    this.server = server;
    this.events = events;
    this.#commands = commands;
    this.#hashes = hashes;
    this.ended = new Promise((resolve) => {
      this.#onEnd = resolve;
    });
    for (const client of [commands, events]) client.once('close', () => this.close());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Sends one command. Texts come back as bytes. Rejects with `ServiceError`s. */
  async command(name: string, ...given: readonly Argument[]): Promise<unknown> {
    try {
      return await this.#commands.callBuffer(name, ...given);
    } catch (thrown) {
      throw this.#failure(thrown, name);
    }
  }

  /** Runs a script that the dial has loaded; one that the server has forgotten since is sent as a whole. */
  async run(script: Script, keys: readonly string[], given: readonly Argument[]): Promise<unknown> {
    const hash = this.#hashes.get(script) ?? '';
    try {
      return await this.#commands.callBuffer('EVALSHA', hash, keys.length, ...keys, ...given);
    } catch (thrown) {
      if (refusalOf(thrown) !== 'NOSCRIPT') throw this.#failure(thrown, script.name);
    }
    return this.command('EVAL', script.text, keys.length, ...keys, ...given);
  }

  /** Resolves when both connections have answered, and all that was published before has come. */
  async ping(): Promise<void> {
    await Promise.all([this.#commands.ping(), this.events.ping()]);
  }

  /** Ends it and frees its sockets. Twice is fine. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    for (const client of [this.#commands, this.events]) end(client);
    this.#onEnd();
  }

  #failure(thrown: unknown, doing: string): unknown {
    // It is a replica now: the primary is elsewhere, or the same address leads to it with the next dial.
    if (refusalOf(thrown) === 'READONLY') this.close();
    return redisError(thrown, `Redis ${doing}`);
  }
}

/** Frees the socket at once: the client's own way waits two seconds for it to say goodbye, also where it has. */
export function end(client: Redis): void {
  if (client.status === 'close' || client.status === 'end') return;
  client.disconnect();
  (client.stream as { destroy?: () => void } | undefined)?.destroy?.();
}
