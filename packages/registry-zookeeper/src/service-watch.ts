import { type Clock, type Logger, type RegistryEvent, ServiceError, type ServiceRecord } from '@tenon/contract';
import { backoffMs, type LatestValue, Pause, WatchTeller } from '@tenon/contract/authoring';
import { inBatches } from './in-batches.js';
import type { Link } from './link.js';
import { servicePath } from './node-paths.js';
import type { RecordReader } from './record-reader.js';
import type { Session } from './session.js';
import type { ResolvedZookeeperOptions } from './zookeeper-options.js';

/** What a watch works with. */
export interface ServiceWatchContext {
  readonly session: Session;
  readonly reader: RecordReader;
  readonly options: ResolvedZookeeperOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An entry that is known, and whether it is still as it was. */
interface Entry {
  readonly record: ServiceRecord | undefined;
  readonly value: Buffer;
  isStale: boolean;
  readonly changed: () => void;
}

/**
 * Follows one service: reads its directory and each entry, with ZooKeeper's one-shot watches on all of them, and what changed again
 * whenever one of them fires. A new connection reads everything again, so nothing is resumed from where it broke.
 *
 * While ZooKeeper is away the last set stands: readers get one `error` for each interruption, and a `set` when it is over.
 */
export class ServiceWatch {
  readonly #service: string;
  readonly #context: ServiceWatchContext;
  readonly #teller: WatchTeller;
  readonly #directory: string;
  readonly #pause: Pause;
  readonly #stopListening: () => void;
  #entries = new Map<string, Entry>();
  #link: Link | undefined;
  #hasChanged = false;
  #isStopped = false;
  /** The transaction that made the root: another one means that ZooKeeper came back without its data. */
  #rootMadeBy: string | undefined;
  #graceEndsAt = Number.NEGATIVE_INFINITY;

  /** Begins at once, and feeds `events` until `stop`. */
  constructor(service: string, context: ServiceWatchContext, events: LatestValue<RegistryEvent>) {
    this.#service = service;
    this.#context = context;
    this.#teller = new WatchTeller(events);
    this.#directory = servicePath(context.options.root, service);
    this.#pause = new Pause(context.clock);
    this.#stopListening = context.session.onChange((change, reason) => {
      if (change === 'down' && reason !== undefined) this.#interrupted(reason);
      if (change === 'up') this.#changed();
    });
    void this.#run();
  }

  /** Ends it. Twice is fine. */
  stop(): void {
    this.#isStopped = true;
    this.#stopListening();
    this.#link?.forget(this.#changed);
    for (const { changed } of this.#entries.values()) this.#link?.forget(changed);
    this.#pause.wake();
  }

  readonly #changed = (): void => {
    this.#hasChanged = true;
    this.#pause.wake();
  };

  async #run(): Promise<void> {
    const { session } = this.#context;
    for (let failures = 0; !this.#isStopped; ) {
      this.#hasChanged = false;
      try {
        await this.#read(await session.connected());
        failures = 0;
      } catch (thrown) {
        if (this.#isStopped) return;
        failures += 1;
        this.#interrupted(ServiceError.from(thrown));
      }
      if (this.#hasChanged || this.#isStopped) continue;
      await this.#pause.for(this.#untilNextRead(failures));
    }
  }

  /** Something that fires ends the wait, as does a connection that is back. */
  #untilNextRead(failures: number): number {
    const { clock, session, options } = this.#context;
    if (session.link === undefined) return Number.POSITIVE_INFINITY;
    if (failures > 0) return backoffMs(failures, options.watchBackoff);
    const graceMs = this.#graceEndsAt - clock.now();
    return graceMs > 0 ? graceMs : Number.POSITIVE_INFINITY;
  }

  async #read(link: Link): Promise<void> {
    const before = this.#link;
    const isNewLink = link !== before;
    this.#link = link;
    if (isNewLink) await this.#noticeLoss(link, before);
    const names = await this.#names(link);
    const known = this.#entries;
    const found = await inBatches(names, (name) => {
      const old = known.get(name);
      return old === undefined || isNewLink || old.isStale ? this.#entry(link, name, old) : old;
    });
    if (this.#isStopped) return;
    this.#entries = new Map(this.#context.clock.now() < this.#graceEndsAt ? known : []);
    for (const [name, entry] of found) if (entry !== undefined) this.#entries.set(name, entry);
    this.#publish();
  }

  /** A directory that is not there yet is waited for. */
  async #names(link: Link): Promise<readonly string[]> {
    const names = await link.children(this.#directory, this.#changed);
    if (names !== undefined) return names;
    // It may have come in between: then it is read again.
    if ((await link.stat(this.#directory, this.#changed)) !== undefined) this.#hasChanged = true;
    return [];
  }

  async #entry(link: Link, name: string, before: Entry | undefined): Promise<Entry | undefined> {
    const changed = (): void => {
      entry.isStale = true;
      this.#changed();
    };
    let entry: Entry = { record: undefined, value: Buffer.alloc(0), isStale: false, changed };
    const path = `${this.#directory}/${name}`;
    const found = await link.read(path, changed);
    if (found === undefined) return undefined;
    const isSame = before?.value.equals(found.data) === true;
    const record = isSame ? before.record : this.#context.reader.read(path, found);
    entry = { ...entry, value: found.data, record };
    return entry;
  }

  async #noticeLoss(link: Link, before: Link | undefined): Promise<void> {
    const { clock, options, logger } = this.#context;
    // A server that stood still ends the sessions of all whom it has not heard, and they begin others at this moment.
    const wasLong = before !== undefined && clock.now() - before.heardAt >= link.timeoutMs / 2;
    if (wasLong) this.#graceEndsAt = clock.now() + options.restoreGraceMs;
    const root = await link.stat(options.root);
    const wasMadeBy = this.#rootMadeBy;
    this.#rootMadeBy = root?.createdBy ?? wasMadeBy;
    if (wasMadeBy === undefined || root?.createdBy === wasMadeBy) return;
    // Whoever lives is registering again at this moment.
    this.#graceEndsAt = clock.now() + options.restoreGraceMs;
    logger.warn('ZooKeeper came back without its data', { service: this.#service });
  }

  #publish(): void {
    const keys = [...this.#entries.keys()].sort();
    const all = keys.flatMap((key) => this.#entries.get(key)?.record ?? []);
    // Names that differ in `/` and `-` alone share their directory.
    const isHealed = this.#teller.set(all.filter((record) => record.name === this.#service));
    if (isHealed) this.#context.logger.info('a watch is whole again', { service: this.#service });
  }

  #interrupted(error: ServiceError): void {
    if (!this.#teller.interrupted(error)) return;
    this.#context.logger.warn('a watch was interrupted, its last set stands', { service: this.#service, error });
  }
}
