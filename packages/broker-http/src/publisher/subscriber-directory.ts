import { hasWildcards, type Logger, type Registry } from '@tenon/contract';
import { backoffMs, type Pause, TopicTable } from '@tenon/contract/authoring';
import { brokerService, type Subscriber, subscribersIn } from '../wire/subscriber-record.js';

/** What a {@link SubscriberDirectory} works with. */
export interface DirectoryParts {
  readonly registry: Registry;
  readonly pause: Pause;
  readonly logger: Logger;
  /** Whether subscribers are reached under TLS; those that are reached the other way are left out. */
  readonly isSecure: boolean;
  /** Called after each change of who subscribes. */
  readonly onChange: () => void;
}

/**
 * Who subscribes to what, as far as the registry has told, and this process's own subscriptions, which count at once. A registry that is
 * lost changes nothing: the last known set is kept.
 */
export class SubscriberDirectory {
  readonly #parts: DirectoryParts;
  readonly #own = new Map<string, Subscriber>();
  /** Own subscriptions that have ended and may stand in the registry for a while yet. */
  readonly #ended = new Set<string>();
  #told: readonly Subscriber[] = [];
  #all = new Map<string, Subscriber>();
  #byTopic = new TopicTable<Subscriber>();
  readonly #ending = new AbortController();
  #firstSet: (() => void) | undefined;
  #ready: Promise<void> | undefined;
  #loop: Promise<void> | undefined;
  /** Subscribers that were left out and said so. */
  #leftOut = new Set<string>();
  #isReady = false;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
  }

  /** Whether the registry has told a set. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Every subscriber, by id. */
  get all(): ReadonlyMap<string, Subscriber> {
    return this.#all;
  }

  /** Resolves when the registry has told its first set; never rejects. Begins to watch. */
  ready(): Promise<void> {
    this.#ready ??= new Promise((resolve) => {
      this.#firstSet = resolve;
    });
    this.#loop ??= this.#watch();
    return this.#ready;
  }

  /** Who gets a message of a topic. */
  matching(topic: string): readonly Subscriber[] {
    return this.#byTopic.matching(topic);
  }

  /** Adds a subscription of this process. */
  add(own: Subscriber): void {
    this.#own.set(own.id, own);
    this.#changed();
  }

  /** Takes a subscription of this process out, also where the registry still has it. */
  remove({ id }: Subscriber): void {
    this.#own.delete(id);
    if (this.#loop !== undefined) this.#ended.add(id);
    this.#changed();
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#parts.pause.wake();
    await this.#loop;
  }

  async #watch(): Promise<void> {
    const { registry, pause, logger } = this.#parts;
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      try {
        for await (const event of registry.watch(brokerService, { signal })) {
          failures = 0;
          if (event.kind === 'set') this.#set(subscribersIn(event.records));
          else logger.debug('the registry may miss subscribers until its next set', { error: event.error });
        }
      } catch (error) {
        if (!signal.aborted) logger.warn('watching for subscribers failed; it begins again', { error });
      }
      failures += 1;
      if (!signal.aborted) await pause.for(backoffMs(failures, watchAgain));
    }
  }

  #set(told: readonly Subscriber[]): void {
    this.#told = told.filter(({ isSecure }) => isSecure === this.#parts.isSecure);
    this.#sayLeftOut(told);
    const ids = new Set(told.map(({ id }) => id));
    for (const id of this.#ended) if (!ids.has(id)) this.#ended.delete(id);
    this.#isReady = true;
    this.#changed();
    this.#firstSet?.();
  }

  #sayLeftOut(told: readonly Subscriber[]): void {
    const leftOut = told.filter(({ isSecure }) => isSecure !== this.#parts.isSecure);
    for (const { id, address, topic, isSecure } of leftOut) {
      if (this.#leftOut.has(id)) continue;
      this.#parts.logger.warn('a subscriber gets nothing: one side has TLS and the other has not', {
        subscriber: id,
        address,
        topic,
        isSecure,
      });
    }
    this.#leftOut = new Set(leftOut.map(({ id }) => id));
  }

  #changed(): void {
    const all = new Map<string, Subscriber>();
    for (const one of [...this.#told, ...this.#own.values()]) if (!this.#ended.has(one.id)) all.set(one.id, one);
    const byTopic = new TopicTable<Subscriber>();
    for (const one of all.values()) {
      // go-micro has no patterns: of its topics one that looks so is a topic that nobody here can publish to.
      if (one.tenon !== undefined || !hasWildcards(one.topic)) byTopic.add(one.topic, one);
    }
    this.#all = all;
    this.#byTopic = byTopic;
    this.#parts.onChange();
  }
}

const watchAgain = Object.freeze({ baseMs: 100, factor: 2, maxMs: 5_000, jitter: 1 });
