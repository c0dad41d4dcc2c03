import { type Clock, type Logger, type RegistryEvent, ServiceError } from '@tenon/contract';
import { backoffMs, type LatestValue, Pause, RecordTable } from '@tenon/contract/authoring';
import { type Applications, hashOf, readApplications } from './applications.js';
import type { ResolvedEurekaOptions } from './eureka-options.js';
import type { EurekaServers } from './eureka-servers.js';
import { type Instance, isOlder, isUp, registeredAtMs } from './instance.js';
import { fingerprintOf, type InstanceReader, keyOf } from './instance-reader.js';

/** What a picture needs of its registry. */
export interface FleetPictureContext {
  readonly servers: EurekaServers;
  readonly reader: InstanceReader;
  readonly options: ResolvedEurekaOptions;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * All instances that Eureka knows, kept while somebody watches: fetched whole once, then by what has changed, and whole again where the
 * hash of the two sides differs, and each tenth time: a server that is asked for changes while one is made may keep the older answer
 * in its cache, for 180 s or until the next change. After an outage, or where another server answers than before, nodes that are missing are kept
 * for a while: a server begins empty. One that still has a registration from before the outage has forgotten nobody, and is believed at
 * once. A dead node that Eureka protects stays listed here too; calls leave it out by themselves.
 */
export class FleetPicture {
  readonly #context: FleetPictureContext;
  readonly #table = new RecordTable();
  readonly #pause: Pause;
  readonly #known: Promise<void>;
  #tellKnown = (): void => {};
  /** What the server has, by key; undefined where the next fetch must be whole. */
  #instances: Map<string, Instance> | undefined;
  /** What each record was made of, by key. */
  readonly #fingerprints = new Map<string, string>();
  #server: string | undefined;
  #keepsUntil = Number.NEGATIVE_INFINITY;
  /** What the server had before an outage, until it has told all again; undefined where another one has taken its place. */
  #before: ReadonlyMap<string, Instance> | undefined;
  #hasDelta = true;
  /** How often changes were fetched since the whole was. */
  #changesFetched = 0;
  /** Whether the watches have been told of an error and not of a set since. */
  #isInTrouble = false;
  /** Whether the last fetch failed. */
  #wasAway = false;
  #isHurried = false;
  #isStopped = false;

  constructor(context: FleetPictureContext) {
    this.#context = context;
    this.#pause = new Pause(context.clock);
    this.#known = new Promise((resolve) => {
      this.#tellKnown = resolve;
    });
    void this.#keep();
  }

  /** Feeds a watch of one service. */
  follow(service: string, events: LatestValue<RegistryEvent>): { stop(): void } {
    this.hurry();
    return this.#table.follow(service, events, this.#isInTrouble ? undefined : this.#known);
  }

  /** Fetches now. */
  hurry(): void {
    this.#isHurried = true;
    this.#pause.wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#pause.wake();
  }

  async #keep(): Promise<void> {
    const { options, logger } = this.#context;
    for (let failures = 0; !this.#isStopped; ) {
      this.#isHurried = false;
      let delayMs: number;
      try {
        await this.#fetch();
        failures = 0;
        delayMs = options.fetchIntervalMs * (0.95 + Math.random() / 10);
      } catch (thrown) {
        if (this.#isStopped) return;
        failures += 1;
        delayMs = backoffMs(failures, options.watchBackoff);
        logger.debug('applications could not be fetched', { failures, delayMs, error: thrown });
        this.#isInTrouble = true;
        this.#wasAway = true;
        this.#before = this.#instances ?? this.#before;
        this.#instances = undefined;
        this.#table.interrupted(ServiceError.from(thrown));
      }
      if (!this.#isStopped && !this.#isHurried) await this.#pause.for(delayMs);
    }
  }

  async #fetch(): Promise<void> {
    const known = this.#instances;
    const isDone = known !== undefined && this.#hasDelta && (await this.#fetchChanges(known));
    if (!isDone) await this.#fetchAll();
    // A server that came back with nobody at all has not heard of anybody yet: that is not told before the grace is over.
    const hasNobody = this.#isInTrouble && this.#keepsMissing && this.#instances?.size === 0;
    if (this.#isStopped || hasNobody) return;
    this.#isInTrouble = false;
    this.#table.healed();
    this.#tellKnown();
  }

  /** Resolves with false where the whole must be fetched. */
  async #fetchChanges(known: Map<string, Instance>): Promise<boolean> {
    // What was kept over an outage is given up by what is there.
    if (this.#keepsUntil !== Number.NEGATIVE_INFINITY && !this.#keepsMissing) return false;
    this.#changesFetched += 1;
    if (this.#changesFetched === wholeEvery) return false;
    const changes = await this.#ask('/apps/delta');
    if (changes === undefined) return false;
    const changed = new Map(known);
    for (const instance of changes.instances) {
      const key = keyOf(instance);
      if (isOlder(instance, known.get(key))) continue;
      if (instance.actionType === 'DELETED') changed.delete(key);
      else changed.set(key, instance);
    }
    // Nothing is told of changes that do not lead to what the server has.
    if (changes.hash !== hashOf(changed.values())) return false;
    this.#instances = changed;
    for (const key of known.keys()) if (!changed.has(key)) this.#forget(key);
    for (const instance of changed.values()) this.#take(instance);
    return true;
  }

  async #fetchAll(): Promise<void> {
    const all = await this.#ask('/apps');
    if (all === undefined || this.#isStopped) return;
    this.#changesFetched = 0;
    this.#instances = new Map(all.instances.map((instance) => [keyOf(instance), instance]));
    if (this.#isRemembered(all.instances)) this.#keepsUntil = Number.NEGATIVE_INFINITY;
    this.#before = undefined;
    for (const instance of all.instances) this.#take(instance);
    if (this.#keepsMissing) return;
    this.#keepsUntil = Number.NEGATIVE_INFINITY;
    for (const key of [...this.#table.keys]) if (!this.#instances.has(key)) this.#forget(key);
  }

  /** Undefined where a server has no such thing: many are told to offer no changes. */
  async #ask(path: '/apps' | '/apps/delta'): Promise<Applications | undefined> {
    const { servers, options, clock } = this.#context;
    try {
      const { value, server } = await servers.ask({ method: 'GET', path });
      const isAnother = this.#server !== undefined && this.#server !== server;
      this.#server = server;
      if (isAnother || this.#wasAway) this.#keepsUntil = clock.now() + options.restoreGraceMs;
      if (isAnother) this.#before = undefined;
      this.#wasAway = false;
      // The changes of one server say nothing about the list of another.
      return isAnother && path === '/apps/delta' ? undefined : readApplications(value);
    } catch (thrown) {
      const { code } = ServiceError.from(thrown);
      if (path !== '/apps/delta' || (code !== 'PermissionDenied' && code !== 'NotFound')) throw thrown;
      this.#hasDelta = false;
      return undefined;
    }
  }

  #isRemembered(instances: readonly Instance[]): boolean {
    return instances.some((instance) => {
      const before = this.#before?.get(keyOf(instance));
      return before !== undefined && registeredAtMs(before) === registeredAtMs(instance);
    });
  }

  get #keepsMissing(): boolean {
    return this.#context.clock.now() < this.#keepsUntil;
  }

  #take(instance: Instance): void {
    const key = keyOf(instance);
    const fingerprint = fingerprintOf(instance);
    if (!isUp(instance)) {
      this.#forget(key);
    } else if (this.#fingerprints.get(key) !== fingerprint) {
      const record = this.#context.reader.read(instance);
      this.#fingerprints.set(key, fingerprint);
      if (record === undefined) this.#table.delete(key);
      else this.#table.put(key, record);
    }
  }

  #forget(key: string): void {
    this.#fingerprints.delete(key);
    this.#table.delete(key);
  }
}

const wholeEvery = 10;
