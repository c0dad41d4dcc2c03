import type { CancelTimer, Clock, Logger, Node, ServiceRecord } from '@tenon/contract';
import { type EntryHome, Pause } from '@tenon/contract/authoring';
import { browserInstance, browserRecords } from './browser-form.js';
import type { DnsRecord } from './dns-record.js';
import type { Links } from './links.js';
import { markerRecords, microRecords } from './micro-form.js';
import { type OwnWords, printsOf } from './own-words.js';
import { instanceName } from './record-names.js';
import type { RecordGroup, Responder } from './responder.js';

/** What a node is published with. */
export interface PublishedNodeOptions {
  readonly record: ServiceRecord;
  readonly node: Node;
  readonly ttlSeconds: number;
  /** Whether browsers are to see it as well. */
  readonly browsers: boolean;
  readonly links: Links;
  readonly responder: Responder;
  readonly words: OwnWords;
  /** Whether its name is another registration's by now. */
  isTakenOver(instance: string): boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * One node of ours on the wire: announced, answered for, and taken back.
 *
 * In go-micro's form it is announced at once, again after a second (the first packet may be lost) and with each renewal. Its id is that of one
 * run of a process, and where two claim one the newest is right: probing first would only make it late. In the form for browsers it is
 * first asked for three times (RFC 6762 §8.1), gives way to whoever has the name, by taking another, and is then announced twice.
 */
export class PublishedNode implements EntryHome {
  readonly instance: string;
  /** When it was first put in. */
  publishedAt: number;
  readonly #options: PublishedNodeOptions;
  readonly #micro: RecordGroup;
  readonly #marker: RecordGroup;
  #browser: RecordGroup | undefined;
  #candidate: readonly DnsRecord[] = [];
  /** Its instance. */
  #candidateName = '';
  #renamed = 0;
  #isSilent = false;
  readonly #timers = new Set<CancelTimer>();

  constructor(options: PublishedNodeOptions) {
    const { record, node, ttlSeconds, clock } = options;
    this.#options = options;
    this.instance = instanceName(node.id, record.name);
    this.#micro = { records: microRecords(record, node, ttlSeconds), isMicro: true };
    this.#marker = { records: markerRecords(record.name, ttlSeconds), isMicro: true };
    this.publishedAt = clock.now();
  }

  /** What is announced of it to Tenon and go-micro. */
  get records(): readonly DnsRecord[] {
    return this.#micro.records;
  }

  /** Resolves where nothing can be sent, too: it is announced as soon as that is over. */
  async put(): Promise<void> {
    const { responder, words, browsers } = this.#options;
    words.said(this.#micro.records);
    responder.add(this.#micro);
    responder.add(this.#marker);
    if (browsers) this.#probe(0);
    await this.#announce().catch(() => {});
    this.#later(1_000, () => void this.#announce().catch(() => {}));
  }

  async renew(): Promise<boolean> {
    await this.#announce();
    return true;
  }

  async remove(): Promise<void> {
    const browser = this.#browser?.records.filter(({ name }) => name !== typesDomain);
    const wasSilent = this.#isSilent;
    this.silence();
    if (wasSilent) return;
    // One packet for each: go-micro takes the last instance of a packet for the only one.
    const goodbyes = [this.#micro.records, ...(browser === undefined ? [] : [browser])].map((records) =>
      records.map(takenBack),
    );
    await this.#sayAll(goodbyes);
    // The first may be lost, and nothing else would tell before the time to live is over.
    await new Pause(this.#options.clock).for(goodbyeAgainMs * (0.5 + Math.random()));
    if (!this.#options.isTakenOver(this.instance)) await this.#sayAll(goodbyes);
  }

  async #sayAll(packets: readonly (readonly DnsRecord[])[]): Promise<void> {
    await Promise.all(packets.map((answers) => this.#options.links.multicast('response', { answers })));
  }

  /** Says nothing of it any more, not even that it is gone: another has taken its name over. Twice is fine. */
  silence(): void {
    const { responder } = this.#options;
    this.#isSilent = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const group of [this.#micro, this.#marker, this.#browser]) if (group !== undefined) responder.remove(group);
  }

  /** Says it again: somebody has contradicted. */
  defend(): void {
    void this.#announce().catch(() => {});
  }

  /** Somebody else's records were heard. Another who has our name for browsers keeps it. */
  heard(prints: ReadonlyMap<string, string>): void {
    if (!prints.has(`${this.#candidateName} SRV`) && !prints.has(`${this.#candidateName} TXT`)) return;
    const own = printsOf(this.#candidate);
    for (const [key, print] of own) {
      const theirs = prints.get(key);
      if (theirs === undefined || theirs === print || this.#options.words.isOwn([theirs])) continue;
      const { responder, logger } = this.#options;
      logger.info('another node has the name for browsers, a new one is taken', { instance: this.instance });
      if (this.#browser !== undefined) responder.remove(this.#browser);
      this.#browser = undefined;
      this.#renamed += 1;
      this.#probe(0);
      return;
    }
  }

  #probe(time: number): void {
    const { record, node, ttlSeconds, links, responder, words } = this.#options;
    const instance = browserInstance(node.id, record.name, this.#renamed);
    if (time === 0) {
      this.#candidateName = instance;
      this.#candidate = browserRecords(instance, record, node, ttlSeconds);
      words.said(this.#candidate);
    }
    const candidate = this.#candidate;
    if (time === 3) {
      this.#browser = { records: candidate, isMicro: false };
      responder.add(this.#browser);
      this.#sayToBrowsers(candidate);
      this.#later(1_000, () => this.#sayToBrowsers(candidate));
      return;
    }
    const authorities = candidate.filter(({ type }) => type === 'SRV' || type === 'TXT');
    void links.multicast('query', { questions: [{ name: instance, type: 'ANY' }], authorities }).catch(() => {});
    this.#later(250, () => {
      if (this.#candidate === candidate) this.#probe(time + 1);
    });
  }

  #sayToBrowsers(records: readonly DnsRecord[]): void {
    if (this.#browser?.records === records)
      void this.#options.links.multicast('response', { answers: records }).catch(() => {});
  }

  async #announce(): Promise<void> {
    if (this.#isSilent) return;
    await this.#options.links.multicast('response', { answers: this.#micro.records });
    const browser = this.#browser;
    if (browser !== undefined) this.#sayToBrowsers(browser.records);
  }

  #later(delayMs: number, work: () => void): void {
    if (this.#isSilent) return;
    const cancel = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      work();
    });
    this.#timers.add(cancel);
  }
}

/** The address of a host may be that of other nodes as well; and go-micro wants to see it even in a goodbye. */
function takenBack(record: DnsRecord): DnsRecord {
  return record.type === 'A' || record.type === 'AAAA' ? record : { ...record, ttl: 0 };
}

/** With chance around it, so that many that leave together do not say it together again. */
const goodbyeAgainMs = 60;

/** Other nodes stand for it too. */
const typesDomain = '_services._dns-sd._udp.local';
