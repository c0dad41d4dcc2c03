import type { CancelTimer, Clock } from '@tenon/contract';
import type { DnsRecord } from './dns-record.js';
import type { IncomingPacket, Link, Question, Sender } from './link.js';
import { packed, type Section } from './packing.js';
import { sameName } from './record-names.js';

/** Records that belong together: whoever asks for one of them gets all in one packet. */
export interface RecordGroup {
  readonly records: readonly DnsRecord[];
  /** Whether go-micro reads it: it wants everything among the answers. */
  readonly isMicro: boolean;
}

/**
 * Answers questions about what was published.
 *
 * Who asks from port 5353 is a multicast DNS node: it is answered to everybody, after 20 to 120 ms in which others may answer too, and no record
 * more than once a second (RFC 6762 §6). Who asks from any other port, as go-micro and simple resolvers do, is answered there, with the
 * question repeated (§6.7), soon enough for go-micro's 100 ms. What the asker says it knows is left out (§7.1).
 */
export class Responder {
  readonly #port: number;
  readonly #clock: Clock;
  readonly #groups = new Map<string, Set<RecordGroup>>();
  /** When each record was last sent to everybody, by link. */
  readonly #sentAt = new WeakMap<DnsRecord, Map<string, number>>();
  readonly #timers = new Set<CancelTimer>();

  constructor(port: number, clock: Clock) {
    this.#port = port;
    this.#clock = clock;
  }

  add(group: RecordGroup): void {
    for (const { name } of group.records) {
      const same = this.#groups.get(sameName(name)) ?? new Set();
      this.#groups.set(sameName(name), same.add(group));
    }
  }

  remove(group: RecordGroup): void {
    for (const { name } of group.records) {
      const same = this.#groups.get(sameName(name));
      same?.delete(group);
      if (same?.size === 0) this.#groups.delete(sameName(name));
    }
  }

  answer(link: Link, packet: IncomingPacket, from: Sender): void {
    const known = knownAnswers(packet);
    const answers = new Map<RecordGroup, readonly DnsRecord[]>();
    const questions: Question[] = [];
    for (const { name, type } of (packet.questions ?? []).slice(0, maxQuestions)) {
      for (const group of this.#groups.get(sameName(name)) ?? []) {
        const matching = group.records.filter((record) => isAnswer(record, name, type) && !isKnown(record, known));
        if (matching.length > 0) answers.set(group, [...new Set([...(answers.get(group) ?? []), ...matching])]);
      }
      questions.push({ name, type: type as Question['type'] });
    }
    if (answers.size === 0) return;
    if (from.port === this.#port) this.#later(20 + 100 * Math.random(), () => this.#tellAll(link, answers));
    else this.#later(40 * Math.random(), () => this.#tell(link, answers, { packet, questions, from }));
  }

  /** Ends what was about to be answered. */
  close(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#groups.clear();
  }

  #tellAll(link: Link, answers: ReadonlyMap<RecordGroup, readonly DnsRecord[]>): void {
    const now = this.#clock.now();
    const due = [...answers].flatMap(([group, matching]) => {
      const fresh = this.#lives(group) ? matching.filter((record) => this.#isDue(record, link, now)) : [];
      return fresh.length === 0 ? [] : [withAdditionals(group, fresh)];
    });
    for (const packet of packed(due)) void link.multicast('response', packet).catch(() => {});
  }

  #tell(
    link: Link,
    answers: ReadonlyMap<RecordGroup, readonly DnsRecord[]>,
    { packet, questions, from }: { packet: IncomingPacket; questions: readonly Question[]; from: Sender },
  ): void {
    const micro: (Section & { readonly group: RecordGroup })[] = [];
    const others: Section[] = [];
    for (const [group, matching] of answers) {
      if (!this.#lives(group)) continue;
      const rest = group.records.filter((record) => !matching.includes(record));
      if (group.isMicro) micro.push({ group, answers: [...matching, ...rest], additionals: [] });
      else others.push(shortLived(withAdditionals(group, matching)));
    }
    // go-micro takes the last instance of a packet for the only one. A burst would be lost where it is received.
    const packets: readonly (Section & { readonly group?: RecordGroup })[] = [...micro, ...packed(others)];
    for (let at = 0; at < packets.length; at += burst) {
      this.#later((at / burst) * burstMs, () => {
        for (const { group, ...part } of packets.slice(at, at + burst))
          if (group === undefined || this.#lives(group))
            void link.reply({ id: packet.id ?? 0, questions, ...part }, from).catch(() => {});
      });
    }
  }

  /** Of what was withdrawn while the answer waited nothing but the goodbye is to be heard. */
  #lives(group: RecordGroup): boolean {
    return this.#groups.get(sameName(group.records[0]?.name ?? ''))?.has(group) === true;
  }

  #isDue(record: DnsRecord, link: Link, now: number): boolean {
    const times = this.#sentAt.get(record) ?? new Map<string, number>();
    if (now - (times.get(link.address) ?? Number.NEGATIVE_INFINITY) < 1_000) return false;
    this.#sentAt.set(record, times.set(link.address, now));
    return true;
  }

  #later(delayMs: number, work: () => void): void {
    if (delayMs === 0) {
      work();
      return;
    }
    // Beyond it somebody floods: who was asked so much has answered enough.
    if (this.#timers.size >= maxPending) return;
    const cancel = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      work();
    });
    this.#timers.add(cancel);
  }
}

function withAdditionals({ records }: RecordGroup, answers: readonly DnsRecord[]) {
  const rest = records.filter((record) => record.type !== 'PTR' && !answers.includes(record));
  return { answers, additionals: rest };
}

/** A simple resolver has no part in our announcements, and must not keep what it got for long. */
function shortLived({ answers, additionals }: { answers: readonly DnsRecord[]; additionals: readonly DnsRecord[] }) {
  const short = (record: DnsRecord): DnsRecord => ({ ...record, flush: false, ttl: Math.min(record.ttl, 10) });
  return { answers: answers.map(short), additionals: additionals.map(short) };
}

function isAnswer(record: DnsRecord, name: string, type: string): boolean {
  return (type === 'ANY' || type === record.type) && sameName(record.name) === sameName(name);
}

/** What the asker has for at least half of its time: `name data` to the seconds left. */
function knownAnswers({ answers = [] }: IncomingPacket): ReadonlyMap<string, number> {
  const known = new Map<string, number>();
  for (const answer of answers) {
    const { name, type, data, ttl } = answer as Readonly<Record<string, unknown>>;
    if (type === 'PTR' && typeof name === 'string' && typeof data === 'string')
      known.set(`${sameName(name)} ${data}`, Number(ttl));
  }
  return known;
}

function isKnown(record: DnsRecord, known: ReadonlyMap<string, number>): boolean {
  return record.type === 'PTR' && (known.get(`${sameName(record.name)} ${record.data}`) ?? -1) >= record.ttl / 2;
}

const maxQuestions = 64;
const maxPending = 512;
const burst = 16;
const burstMs = 3;
