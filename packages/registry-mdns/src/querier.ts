import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import { browserDomain } from './browser-form.js';
import type { DnsRecord } from './dns-record.js';
import type { Question } from './link.js';
import type { Links } from './links.js';
import type { NodeCache } from './node-cache.js';
import { sizeOf } from './packing.js';

/** What questions are asked with. */
export interface QuerierOptions {
  readonly links: Links;
  readonly cache: NodeCache;
  readonly clock: Clock;
  readonly lookupMs: number;
  /** Whether what was published for browsers is asked for as well. */
  readonly browsers: boolean;
}

/**
 * Asks for the instances of domains that somebody is interested in: at once, after 1 s, 2 s, 4 s and so on up to once a minute
 * (RFC 6762 §5.2), for an announcement may be lost. In between it is enough to listen.
 */
export class Querier {
  readonly #options: QuerierOptions;
  readonly #followed = new Map<string, Followed>();
  #isClosed = false;

  constructor(options: QuerierOptions) {
    this.#options = options;
  }

  /** Whether somebody is interested in a domain. */
  follows(domain: string): boolean {
    return this.#followed.has(domain);
  }

  /** Interest in a domain, until it is stopped and for a minute beyond. `known` resolves when there was time to answer. */
  follow(domain: string): { readonly known: Promise<void>; stop(): void } {
    if (this.#options.browsers && domain !== browserDomain) this.#touch(browserDomain);
    const followed = this.#touch(domain);
    followed.users += 1;
    let isStopped = false;
    return {
      known: followed.known,
      stop: () => {
        if (isStopped) return;
        isStopped = true;
        followed.users -= 1;
        followed.usedAt = this.#options.clock.now();
      },
    };
  }

  /** Asks for everything again, now. Resolves when there was time to answer. */
  async again(): Promise<void> {
    for (const [domain, followed] of this.#followed) {
      followed.intervalMs = firstIntervalMs;
      this.#ask(domain, followed);
    }
    await this.#answers();
  }

  /** Asks for one domain once, and waits for answers. */
  async once(domain: string): Promise<void> {
    void this.#send({ name: domain, type: 'PTR' }, []);
    await this.#answers();
  }

  /** Asks for one record. */
  askFor(question: Question): void {
    if (!this.#isClosed) void this.#send(question, []);
  }

  close(): void {
    this.#isClosed = true;
    for (const { cancel } of this.#followed.values()) cancel();
    for (const wake of this.#waiting) wake();
    this.#followed.clear();
  }

  #touch(domain: string): Followed {
    const { clock } = this.#options;
    const known = this.#followed.get(domain);
    if (known !== undefined) {
      known.usedAt = clock.now();
      return known;
    }
    const followed: Followed = {
      users: 0,
      usedAt: clock.now(),
      intervalMs: firstIntervalMs,
      known: this.#answers(),
      cancel: () => {},
    };
    this.#followed.set(domain, followed);
    this.#ask(domain, followed);
    return followed;
  }

  #ask(domain: string, followed: Followed): void {
    const { clock } = this.#options;
    followed.cancel();
    if (this.#isClosed) return;
    void this.#send({ name: domain, type: 'PTR' }, this.#knownAnswers(domain));
    const waitMs = followed.intervalMs * (0.9 + 0.2 * Math.random());
    followed.intervalMs = Math.min(followed.intervalMs * 2, longestIntervalMs);
    followed.cancel = clock.after(waitMs, () => {
      if (followed.users === 0 && domain !== browserDomain && clock.now() - followed.usedAt > lingerMs)
        this.#followed.delete(domain);
      else if (domain === browserDomain && this.#followed.size === 1) this.#followed.delete(domain);
      else this.#ask(domain, followed);
    });
  }

  /** go-micro answers the port that asks, browsers' responders everybody. */
  #send(question: Question, answers: readonly DnsRecord[]): Promise<void> {
    const { links } = this.#options;
    const packet = { questions: [question], answers };
    const isMicro = question.name.endsWith('.micro');
    return links
      .each((link) => (isMicro ? link.ask(packet) : link.multicast('query', packet)))
      .catch((thrown: unknown) => void ServiceError.from(thrown));
  }

  #knownAnswers(domain: string): readonly DnsRecord[] {
    let left = maxKnownBytes;
    return this.#options.cache.instancesOf(domain).flatMap(({ name, leftMs, lifeMs }) => {
      const record: DnsRecord = { name: domain, type: 'PTR', ttl: Math.floor(leftMs / 1_000), data: name };
      if (leftMs < lifeMs / 2 || sizeOf(record) > left) return [];
      left -= sizeOf(record);
      return [record];
    });
  }

  readonly #waiting = new Set<() => void>();

  #answers(): Promise<void> {
    const { clock, lookupMs } = this.#options;
    return new Promise((resolve) => {
      let cancel: CancelTimer = () => {};
      const wake = (): void => {
        cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      cancel = clock.after(lookupMs, wake);
      if (this.#isClosed) wake();
    });
  }
}

interface Followed {
  users: number;
  usedAt: number;
  intervalMs: number;
  readonly known: Promise<void>;
  cancel: CancelTimer;
}

const firstIntervalMs = 1_000;
const longestIntervalMs = 60_000;
const lingerMs = 60_000;
const maxKnownBytes = 8_000;
