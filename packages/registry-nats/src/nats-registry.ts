import { createInbox, type Msg } from '@nats-io/transport-node';
import {
  type Clock,
  type Lease,
  type Lifecycle,
  type Logger,
  type RegisterOptions,
  type Registry,
  type RegistryCapabilities,
  type RegistryEvent,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import {
  checkedRegistration,
  closedError,
  encodeCheckedRecord,
  KeptEntries,
  OpenWatches,
  orAborted,
  Pause,
  SkippedEntries,
} from '@tenon/contract/authoring';
import { KnownNodes } from './known-nodes.js';
import { type Connected, Link, listen } from './link.js';
import { question, readAnswer, readTold, ttlHeaders, ttlOf } from './message.js';
import type { ResolvedNatsRegistryOptions } from './nats-registry-options.js';
import { OwnNode } from './own-node.js';

/**
 * The registry that nobody keeps: each process answers for its own nodes and tells of them again and again, on two subjects of NATS.
 * Readers know what they have heard, each node until its time to live is over.
 */
export class NatsRegistry implements Registry, Lifecycle {
  readonly capabilities: RegistryCapabilities;
  readonly #options: ResolvedNatsRegistryOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #link: Link;
  readonly #known: KnownNodes;
  readonly #skipped: SkippedEntries;
  readonly #answering = new Set<OwnNode>();
  readonly #entries: KeptEntries;
  readonly #watches = new OpenWatches(us);
  #closing: Promise<void> | undefined;

  constructor(options: ResolvedNatsRegistryOptions, logger: Logger, clock: Clock) {
    this.#options = options;
    this.#logger = logger.child({ provider: 'registry-nats' });
    this.#clock = clock;
    this.#known = new KnownNodes(() => this.#heardAll(), clock, this.#logger);
    this.#skipped = new SkippedEntries(this.#logger, clock);
    const { backoff, connectTimeoutMs } = options;
    const releaseTimeoutMs = 2 * connectTimeoutMs;
    this.#entries = new KeptEntries({ registry: us, backoff, releaseTimeoutMs, clock, logger: this.#logger });
    this.#link = new Link(
      options,
      { up: (connected) => this.#up(connected), down: (reason) => this.#known.deaf(reason) },
      this.#logger,
      clock,
    );
    const isLocal = options.servers.every((server) => /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)(:\d+)?$/.test(server));
    this.capabilities = Object.freeze({ expires: true, consistency, reach: isLocal ? 'machine' : 'network' });
  }

  get trouble(): ServiceError | undefined {
    return this.#closing === undefined ? this.#link.trouble : closedError(us);
  }

  /** Connects. Rejects with `Unavailable` where that does not work in time, and leaves nothing open; call it again at any time. */
  async start(signal: AbortSignal): Promise<void> {
    this.#assertOpen();
    try {
      await orAborted(signal, () => this.#link.connected());
    } catch (thrown) {
      await this.#link.stop();
      throw thrown;
    }
  }

  async register(record: ServiceRecord, { ttlMs: givenTtlMs, signal }: RegisterOptions): Promise<Lease> {
    const { node, ttlMs } = checkedRegistration(record, givenTtlMs);
    const value = encodeCheckedRecord(record);
    const home = new OwnNode(value, ttlMs, this.#link, this.#options, this.#clock, this.#answering);
    const entry = { key: `${record.name}\n${node.id}`, home, name: `${node.id} of ${record.name}`, ttlMs };
    return this.#entries.register({ ...entry, onReleased: () => home.silence() }, signal);
  }

  async lookup(
    name: string,
    { signal }: { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<readonly ServiceRecord[]> {
    this.#assertOpen();
    await orAborted(signal, () => this.#ask(name));
    return this.#known.recordsOf(name);
  }

  async list({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<readonly string[]> {
    this.#assertOpen();
    await orAborted(signal, () => this.#ask(undefined));
    return this.#known.names;
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return this.#watches.watch((events) => this.#known.follow(name, events, this.#ask(name)), options?.signal);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.close();
    await this.#entries.close();
    this.#known.close();
    await this.#link.close();
  }

  #up(connected: Connected): void {
    const { querySubject, watchSubject } = this.#options;
    listen(connected.connection, querySubject, (message) => this.#answer(connected, message));
    listen(connected.connection, watchSubject, (message) => this.#told(message));
    this.#known.listening();
    this.#entries.hurry();
    void this.#ask(undefined).then(
      () => this.#known.healed(),
      // The connection is lost again, or listening is refused.
      (reason: unknown) => this.#known.deaf(ServiceError.from(reason)),
    );
  }

  /** Asks for one service, or for all, and hears the answers for a while. Rejects where nobody can be asked. */
  async #ask(name: string | undefined): Promise<void> {
    const connected = await this.#link.connected();
    const { querySubject, watchSubject, queryWaitMs } = this.#options;
    const inbox = createInbox();
    const answers = listen(connected.connection, inbox, (message) => {
      this.#read(message, () => {
        for (const record of readAnswer(message.data)) this.#known.heard(record, this.#ttlOf(message));
      });
    });
    try {
      connected.connection.publish(querySubject, question(name), { reply: inbox });
      await this.#link.settled(connected, [querySubject, watchSubject, inbox]);
      await new Pause(this.#clock).for(queryWaitMs);
      if (this.#link.current !== connected) throw this.#link.trouble ?? closedError(us);
    } finally {
      if (!answers.isClosed()) answers.unsubscribe();
    }
  }

  /** Resolves when everything that was said before was heard. */
  async #heardAll(): Promise<void> {
    const { current } = this.#link;
    if (current !== undefined) await this.#link.settled(current);
  }

  #answer({ connection }: Connected, message: Msg): void {
    const { reply } = message;
    if (reply === undefined || reply === '' || this.#answering.size === 0) return;
    this.#read(message, () => {
      const { action, name } = readTold(message.data);
      for (const { record, value, ttlMs } of this.#answering) {
        const isMeant = action === 'list' || (action === 'get' && record.name === name);
        if (isMeant) connection.publish(reply, value, { headers: ttlHeaders(ttlMs) });
      }
    });
  }

  #told(message: Msg): void {
    this.#read(message, () => {
      const { action, records } = readTold(message.data);
      for (const record of records) {
        if (action === 'create' || action === 'update') this.#known.heard(record, this.#ttlOf(message));
        if (action === 'delete') this.#known.left(record);
      }
    });
  }

  #ttlOf(message: Msg): number {
    return ttlOf(message) ?? this.#options.foreignTtlMs;
  }

  /** Leaves out what cannot be read. */
  #read(message: Msg, work: () => void): void {
    try {
      work();
    } catch (thrown) {
      const text = Buffer.from(message.data.subarray(0, 64)).toString('latin1');
      this.#skipped.met(message.subject.startsWith('_INBOX') ? 'an answer' : message.subject, text, thrown);
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw closedError(us);
  }
}

/** For errors. */
const us = 'the NATS registry';

/** AP: whoever is on our side of a partition is registered and found; the other side's nodes stand until their time to live is over. */
const consistency: RegistryCapabilities['consistency'] = Object.freeze({
  register: Object.freeze({ level: 'eventual', whenCutOff: 'answers' }),
  lookup: Object.freeze({ level: 'eventual', whenCutOff: 'answers' }),
  cachedCall: Object.freeze({ level: 'eventual', whenCutOff: 'answers' }),
});
