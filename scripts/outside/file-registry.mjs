import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger, provide, Registry, ServiceError } from '@tenon/contract';
import { checkedNumber, LatestValue } from '@tenon/contract/authoring';
import { FileLease } from './file-lease.mjs';

/** @import { Code, RegisterOptions, RegistryCapabilities, RegistryEvent, ServiceRecord } from '@tenon/contract' */
/** @typedef {{ record: ServiceRecord, expiresAt: number }} Entry */
/** @typedef {{ name: string, latest: LatestValue<RegistryEvent>, seen: string | undefined }} Watch */

/**
 * A registry for the processes of one machine: a folder that exists, in which each process writes one JSON file of its own
 * entries and reads everybody's.
 *
 * @param {string} folder
 */
export const fileRegistry = (folder) => provide(Registry, [Logger], (logger) => new FileRegistry(folder, logger));

/** @implements {Registry} */
export class FileRegistry {
  /** @type {RegistryCapabilities} */
  capabilities = {
    expires: true,
    consistency: {
      register: { level: 'strong', whenCutOff: 'refuses' },
      lookup: { level: 'strong', whenCutOff: 'refuses' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    },
  };
  #file;
  #isClosed = false;
  /** @type {Map<string, FileLease>} by service and node id */
  #leases = new Map();
  /** @type {Set<Watch>} */
  #watches = new Set();
  /** @type {Set<string>} files that were reported as unreadable */
  #reported = new Set();
  #heartbeat = setInterval(() => this.#beat(), 50).unref();

  /** @param {string} folder @param {Logger} logger */
  constructor(folder, logger) {
    this.folder = folder;
    this.logger = logger;
    this.#file = join(folder, `${crypto.randomUUID()}.json`);
  }

  /** @param {ServiceRecord} record @param {RegisterOptions} options */
  async register(record, { ttlMs, signal }) {
    this.#checkOpen(signal);
    const [node, ...others] = record.nodes;
    if (node === undefined || others.length > 0) throw failure('InvalidArgument', 'exactly one node is registered');
    checkedNumber('ttlMs', ttlMs, { min: 1_000, max: 24 * 3_600_000, fallback: 0, integer: false });
    const key = JSON.stringify([record.name, node.id]);
    const lease = new FileLease(record, ttlMs, () => {
      if (this.#leases.get(key) === lease) this.#leases.delete(key);
      // A folder that is away keeps the entry until its time to live ends, as nobody renews it.
      this.#tryToWrite();
    });
    const leases = new Map(this.#leases).set(key, lease);
    this.#write(leases);
    this.#leases.get(key)?.become('released');
    this.#leases = leases;
    return lease;
  }

  /** @param {string} name @param {{ readonly signal?: AbortSignal | undefined }} [options] */
  async lookup(name, { signal } = {}) {
    this.#checkOpen(signal);
    return this.#find(name);
  }

  /** @param {{ readonly signal?: AbortSignal | undefined }} [options] */
  async list({ signal } = {}) {
    this.#checkOpen(signal);
    return [...new Set(this.#read().map(({ record }) => record.name))].sort();
  }

  /**
   * @param {string} name
   * @param {{ readonly signal?: AbortSignal | undefined }} [options]
   * @returns {AsyncGenerator<RegistryEvent, void, undefined>}
   */
  async *watch(name, { signal } = {}) {
    this.#checkOpen();
    if (signal?.aborted) return;
    /** @type {Watch} */
    const watch = { name, latest: new LatestValue(), seen: undefined };
    const end = () => watch.latest.end();
    signal?.addEventListener('abort', end);
    this.#watches.add(watch);
    try {
      this.#poll(watch);
      yield* watch.latest;
    } finally {
      this.#watches.delete(watch);
      signal?.removeEventListener('abort', end);
    }
  }

  async close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.vanish();
    for (const lease of this.#leases.values()) lease.become('released');
    this.#leases.clear();
    for (const watch of this.#watches) watch.latest.end();
    rmSync(this.#file, { force: true });
  }

  /** Stops renewing without a word, as a killed process does; for tests. */
  vanish() {
    clearInterval(this.#heartbeat);
  }

  /** @param {AbortSignal} [signal] */
  #checkOpen(signal) {
    if (this.#isClosed) throw failure('FailedPrecondition', 'the registry is closed');
    if (signal?.aborted) throw failure('Canceled', 'the caller gave up');
  }

  #beat() {
    const now = Date.now();
    if ([...this.#leases.values()].some((lease) => lease.isDue(now))) this.#tryToWrite();
    for (const watch of this.#watches) this.#poll(watch);
  }

  #tryToWrite() {
    if (this.#isClosed) return;
    try {
      this.#write(this.#leases);
    } catch (thrown) {
      const expired = [...this.#leases.values()].filter((lease) => lease.expiresAt < Date.now());
      for (const lease of expired) lease.become('lost', ServiceError.from(thrown));
    }
  }

  /** Renews and replaces our whole file, by renaming: a reader never sees half of it. @param {Map<string, FileLease>} leases */
  #write(leases) {
    const now = Date.now();
    const entries = [...leases.values()].map(({ record, ttlMs }) => ({ record, expiresAt: now + ttlMs }));
    this.#orUnavailable(() => {
      writeFileSync(`${this.#file}.new`, JSON.stringify(entries));
      renameSync(`${this.#file}.new`, this.#file);
    });
    for (const lease of leases.values()) {
      lease.expiresAt = now + lease.ttlMs;
      lease.become('held');
    }
  }

  /** @param {Watch} watch */
  #poll(watch) {
    try {
      const records = this.#find(watch.name);
      const seen = JSON.stringify(records);
      if (seen !== watch.seen) watch.latest.set({ kind: 'set', records });
      watch.seen = seen;
    } catch (thrown) {
      if (watch.seen !== 'lost') watch.latest.set({ kind: 'error', error: ServiceError.from(thrown) });
      watch.seen = 'lost';
    }
  }

  /** @param {string} name @returns {readonly ServiceRecord[]} one for each version */
  #find(name) {
    /** @type {Map<string, ServiceRecord>} */
    const byVersion = new Map();
    for (const { record } of this.#read().filter((entry) => entry.record.name === name)) {
      const nodes = [...(byVersion.get(record.version)?.nodes ?? []), ...record.nodes];
      byVersion.set(record.version, { ...record, nodes: nodes.sort((one, other) => (one.id < other.id ? -1 : 1)) });
    }
    return [...byVersion.values()].sort((one, other) => (one.version < other.version ? -1 : 1));
  }

  /** @returns {readonly Entry[]} the living entries of everybody */
  #read() {
    const files = this.#orUnavailable(() => readdirSync(this.folder)).filter((file) => file.endsWith('.json'));
    return files.flatMap((file) => this.#entriesOf(file)).filter(({ expiresAt }) => expiresAt > Date.now());
  }

  /** @param {string} file @returns {readonly Entry[]} */
  #entriesOf(file) {
    try {
      return JSON.parse(readFileSync(join(this.folder, file), 'utf8'));
    } catch (thrown) {
      if (!existsSync(this.folder)) throw failure('Unavailable', `${this.folder} is away`);
      // Its process has just closed, or somebody else's file stands in our folder.
      if (thrown instanceof SyntaxError && !this.#reported.has(file)) {
        this.#reported.add(file);
        this.logger.warn('a file of the registry is not JSON and is passed over', { file });
      }
      return [];
    }
  }

  /** @template T @param {() => T} access @returns {T} */
  #orUnavailable(access) {
    try {
      return access();
    } catch (thrown) {
      throw failure('Unavailable', `${this.folder} is away: ${String(thrown)}`);
    }
  }
}

/** @param {Code} code @param {string} message */
function failure(code, message) {
  return new ServiceError(code, message, { executed: 'no' });
}
