import { randomInt } from 'node:crypto';
import { type Clock, type Logger, ServiceError } from '@tenon/contract';
import { backoffMs, Pause } from '@tenon/contract/authoring';
import type { EtcdConnection } from './etcd-connection.js';
import type { ResolvedEtcdOptions } from './etcd-options.js';
import { KeepAliveStream } from './keep-alive-stream.js';
import type { Registration } from './registration.js';

/**
 * Keeps every registration of a registry in etcd, over one renewal stream and with one backoff for all of them.
 *
 * Each lease is renewed each third of its time to live. Whenever the stream broke (etcd restarted, was wiped, could not be
 * reached, or this process slept), the next one begins by checking each lease and each entry at once, not at the next
 * renewal: a lease that is gone is granted anew, and an entry that is gone, or not as it should be, is put again.
 *
 * It runs while there is something to keep.
 */
export class LeaseKeeper {
  readonly #connection: EtcdConnection;
  readonly #options: ResolvedEtcdOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #registrations = new Set<Registration>();
  readonly #pause: Pause;
  #stream: KeepAliveStream | undefined;
  #running: Promise<void> | undefined;

  constructor(connection: EtcdConnection, options: ResolvedEtcdOptions, clock: Clock, logger: Logger) {
    this.#connection = connection;
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#pause = new Pause(clock);
  }

  /** Puts the entry into etcd for the first time. Rejects where that fails; what may have been put is not kept. */
  async publish(registration: Registration): Promise<void> {
    await registration.exclusively(async () => {
      await this.#grant(registration);
      await this.#put(registration);
    });
    if (registration.state !== 'released') this.#keep(registration);
  }

  /** Checks one entry that was published, and puts it again where it is not as it should be. */
  async check(registration: Registration): Promise<void> {
    await registration.exclusively(() => this.#putWhereMissing(registration));
  }

  /**
   * Keeps the entry no longer and gives its lease back. Resolves also where etcd cannot be told, at the latest after the
   * time of one call.
   */
  async withdraw(registration: Registration): Promise<void> {
    this.#registrations.delete(registration);
    if (this.#registrations.size === 0) this.#stream?.close();
    this.#pause.wake();
    const bound = new Pause(this.#clock);
    const told = registration.exclusively(() => this.#revoke(registration)).finally(() => bound.wake());
    await Promise.race([told, bound.for(this.#options.callTimeoutMs)]);
  }

  /** Resolves when nothing runs any more, which it does once everything was withdrawn. */
  async idle(): Promise<void> {
    await this.#running;
  }

  #keep(registration: Registration): void {
    this.#registrations.add(registration);
    this.#pause.wake();
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    for (let failures = 0; this.#registrations.size > 0; ) {
      const stream = new KeepAliveStream(this.#connection, this.#clock, () => this.#pause.wake());
      this.#stream = stream;
      try {
        await stream.open();
        await this.#each((registration) => this.#restore(registration, stream));
        failures = 0;
        await this.#renewUntilBroken(stream);
      } catch (thrown) {
        const error = ServiceError.from(thrown);
        // Canceled: the last registration was withdrawn, and another one came since.
        if (error.code !== 'Canceled') failures += 1;
        if (failures === 1) this.#logger.warn('registrations cannot be renewed now', { error });
      }
      stream.close();
      if (failures > 0 && this.#registrations.size > 0) {
        await this.#pause.for(backoffMs(failures, this.#options.backoff));
      }
    }
    this.#stream = undefined;
    this.#running = undefined;
  }

  /** Resolves when there is nothing left to renew, rejects when the stream broke. */
  async #renewUntilBroken(stream: KeepAliveStream): Promise<void> {
    while (this.#registrations.size > 0) {
      if (stream.failure !== undefined) throw stream.failure;
      const now = this.#clock.now();
      const dueInMs = Math.min(...[...this.#registrations].map((registration) => renewalDue(registration) - now));
      if (dueInMs > 0) {
        await this.#pause.for(dueInMs);
        continue;
      }
      await this.#each(async (registration) => {
        if (now - registration.checkedAt >= this.#options.relistIntervalMs) await this.#restore(registration, stream);
        else if (renewalDue(registration) <= now) await this.#renew(registration, stream);
      });
    }
  }

  /** All are tried, also where one fails: an entry that etcd refuses must not cost the others theirs. */
  async #each(work: (registration: Registration) => Promise<void>): Promise<void> {
    const registrations = [...this.#registrations];
    const results = await Promise.allSettled(registrations.map((registration) => work(registration)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #renew(registration: Registration, stream: KeepAliveStream): Promise<void> {
    const isAlive = await registration.exclusively(() => this.#renewLease(registration, stream));
    if (!isAlive) await this.#restore(registration, stream);
  }

  async #restore(registration: Registration, stream: KeepAliveStream): Promise<void> {
    await registration.exclusively(async () => {
      if (registration.state === 'released') return;
      if (await this.#renewLease(registration, stream)) {
        await this.#putWhereMissing(registration);
      } else {
        registration.lost(unavailable(`etcd no longer has the lease of ${registration.key}`));
        await this.#grant(registration);
        await this.#put(registration);
        this.#logger.info('an entry was registered again', { key: registration.key });
      }
      registration.confirmed();
    });
  }

  async #revoke({ key, leaseId }: Registration): Promise<void> {
    if (leaseId === undefined) return;
    try {
      await this.#connection.leases.leaseRevoke({ ID: leaseId });
    } catch (thrown) {
      const error = ServiceError.from(thrown);
      // It had expired already.
      if (error.code === 'NotFound') return;
      this.#logger.warn('an entry could not be removed and ends with its time to live', { key, error });
    }
  }

  /** Whether etcd has the lease and renewed it. */
  async #renewLease(registration: Registration, stream: KeepAliveStream): Promise<boolean> {
    const { leaseId } = registration;
    if (leaseId === undefined) return false;
    if (registration.state === 'released') return true;
    const askedAt = this.#clock.now();
    const isAlive = await stream.renew(leaseId, this.#options.callTimeoutMs);
    if (isAlive) this.#renewed(registration, askedAt);
    else registration.leaseId = undefined;
    return isAlive;
  }

  async #grant(registration: Registration): Promise<void> {
    const askedAt = this.#clock.now();
    // An id of ours fits into a JavaScript number. One that etcd chooses has 63 bits, which protobufjs rounds silently
    // where it does not find the package `long` (as under `node --conditions=import`).
    const leaseId = String(randomInt(1, 2 ** 48 - 1));
    await this.#connection.leases.leaseGrant({ TTL: registration.ttlSeconds, ID: leaseId });
    registration.leaseId = leaseId;
    this.#renewed(registration, askedAt);
  }

  /** A renewal comes too late, or this process slept: whether the entry stands is not known before etcd was asked. */
  #renewed(registration: Registration, askedAt: number): void {
    registration.renewed(askedAt, () => {
      const reason = unavailable(`${registration.key} could not be renewed for ${registration.ttlSeconds} s`);
      registration.lost(reason);
      this.#stream?.fail(reason);
    });
  }

  async #putWhereMissing(registration: Registration): Promise<void> {
    const { kvs } = await this.#connection.kv.range({ key: Buffer.from(registration.key) });
    const [found] = kvs;
    if (found?.lease === registration.leaseId && found?.value.equals(registration.value)) return;
    await this.#put(registration);
    this.#logger.info('an entry was put in its place again', { key: registration.key });
  }

  async #put({ key, value, leaseId, state }: Registration): Promise<void> {
    if (leaseId === undefined || state === 'released') return;
    await this.#connection.kv.put({ key: Buffer.from(key), value, lease: leaseId });
  }
}

function renewalDue(registration: Registration): number {
  return registration.renewedAt + (registration.ttlSeconds * 1_000) / 3;
}

function unavailable(message: string): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no' });
}
