import type { Clock, ServiceRecord } from '@tenon/contract';
import type { EntryHome } from '@tenon/contract/authoring';
import { type Link, unavailable } from './link.js';
import { announcement, ttlHeaders } from './message.js';
import type { ResolvedNatsRegistryOptions } from './nats-registry-options.js';

/** A node of this process: what is told of it, each third of its time to live. */
export class OwnNode implements EntryHome {
  readonly record: ServiceRecord;
  readonly value: Buffer;
  readonly ttlMs: number;
  readonly #link: Link;
  readonly #options: ResolvedNatsRegistryOptions;
  readonly #clock: Clock;
  readonly #answering: Set<OwnNode>;
  #toldAt = Number.NEGATIVE_INFINITY;

  /**
   * @param value - its record, as it is told.
   * @param answering - those that questions are answered with.
   */
  constructor(
    value: Buffer,
    ttlMs: number,
    link: Link,
    options: ResolvedNatsRegistryOptions,
    clock: Clock,
    answering: Set<OwnNode>,
  ) {
    this.value = value;
    this.record = JSON.parse(value.toString()) as ServiceRecord;
    this.ttlMs = ttlMs;
    this.#link = link;
    this.#options = options;
    this.#clock = clock;
    this.#answering = answering;
  }

  async put(): Promise<void> {
    await this.#tell();
    this.#answering.add(this);
  }

  async renew(): Promise<boolean> {
    // Everybody has forgotten it: this process slept, or could not be heard.
    if (this.#clock.now() - this.#toldAt >= this.ttlMs) {
      this.#answering.delete(this);
      return false;
    }
    await this.#tell();
    return true;
  }

  async remove(): Promise<void> {
    this.silence();
    const { current } = this.#link;
    if (current === undefined) throw this.#link.trouble ?? unavailable('there is no connection with NATS');
    current.connection.publish(this.#options.watchSubject, announcement('delete', this.value));
    await this.#link.settled(current);
  }

  replaced(): void {
    this.silence();
  }

  /** Answers no more. */
  silence(): void {
    this.#answering.delete(this);
  }

  async #tell(): Promise<void> {
    const connected = await this.#link.connected();
    const { querySubject, watchSubject } = this.#options;
    const askedAt = this.#clock.now();
    const headers = ttlHeaders(this.ttlMs);
    connected.connection.publish(watchSubject, announcement('create', this.value), { headers });
    await this.#link.settled(connected, [querySubject, watchSubject]);
    this.#toldAt = askedAt;
  }
}
