import { type CodecSession, type Decoder, type Encoder, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { goodJson } from './codec-fixture.js';

/** One way in which linked sessions can be wrong; `none` is right. */
export type LinkingFault =
  | 'none'
  | 'undefined fields move the others'
  | 'nothing is announced'
  | 'all is announced again'
  | 'a list is used before it is announced'
  | 'what is announced is used within the same value'
  | 'messages are counted'
  | 'what is not known reads as nothing'
  | 'both directions count together'
  | 'plain records are refused'
  | 'dictionaries use up the numbers'
  | 'there is no limit'
  | 'announcements end as a SyntaxError'
  | 'a cut announcement is ignored'
  | 'learns from the start of the buffer'
  | 'learns when it is needed'
  | 'names are assigned'
  | 'half a list is announced'
  | 'the grown sink is forgotten';

/** Lists of names that were met, announced and learned. */
export class NameLists {
  readonly met = new Set<string>();
  readonly said: string[] = [];
  readonly learned: (readonly string[])[] = [];
  announced = 0;
  messages = 0;
}

/**
 * Linked sessions over JSON, as plain as they can be: a record whose names were announced is `{"~":[number, …values]}`, and
 * a message with such records begins with `@`, so that it is no JSON.
 */
export class LinkingSession implements CodecSession {
  readonly #json = goodJson(512);
  readonly #fault: LinkingFault;
  readonly #lists: NameLists;
  /** Lists of records whose fields are being read, or were when one of them threw. */
  readonly #unfinished = new Set<string>();
  #usable = 0;
  /** Whether the value being written has referred to a list. */
  #referred = false;
  #unread: (() => void) | undefined;

  constructor(fault: LinkingFault = 'none', lists: NameLists = new NameLists()) {
    this.#fault = fault;
    this.#lists = lists;
  }

  encoder(): Encoder {
    return (value, sink) => {
      const [outer, outerReferred] = [this.#usable, this.#referred];
      this.#referred = false;
      this.#usable = this.#fault === 'a list is used before it is announced' ? Number.MAX_VALUE : this.#lists.announced;
      try {
        const packed = this.#packed(value);
        const counted = this.#fault === 'messages are counted' ? { nth: this.#lists.messages++, packed } : packed;
        const { buffer } = sink;
        if (this.#referred) {
          sink.ensure(1);
          sink.position += sink.buffer.write('@', sink.position);
        }
        this.#json.encode(counted, sink);
        if (this.#fault === 'the grown sink is forgotten' && sink.buffer !== buffer) sink.position = buffer.length;
      } finally {
        this.#usable = outer;
        this.#referred = outerReferred;
      }
    };
  }

  decoder(): Decoder {
    return (buffer, start, end) => {
      this.#unread?.();
      this.#unread = undefined;
      const isPacked = buffer[start] === 0x40;
      const packed = this.#json.decode(buffer, isPacked ? start + 1 : start, end);
      if (this.#fault !== 'messages are counted') return this.#unpacked(packed);
      const counted = packed as { readonly nth: number; readonly packed: unknown };
      if (counted.nth !== this.#lists.messages++) throw refusal('a message is missing');
      return this.#unpacked(counted.packed);
    };
  }

  announce(): Uint8Array | undefined {
    const { said, announced } = this.#lists;
    const from = this.#fault === 'all is announced again' ? 0 : announced;
    if (this.#fault === 'nothing is announced' || from === said.length) return undefined;
    this.#lists.announced = said.length;
    if (this.#fault === 'what is announced is used within the same value') this.#usable = said.length;
    const sink = new BufferSink();
    this.#json.encode({ from, lists: said.slice(from).map((id) => this.#named(id)) }, sink);
    return sink.bytes();
  }

  #named(id: string): readonly string[] {
    const names: string[] = JSON.parse(id);
    return this.#fault === 'half a list is announced' && this.#unfinished.has(id) ? names.slice(0, 1) : names;
  }

  learn(buffer: Uint8Array, start: number, end: number): void {
    if (this.#fault === 'learns when it is needed') this.#unread = () => this.#learn(buffer, start, end);
    else if (this.#fault === 'learns from the start of the buffer') this.#learn(buffer, 0, end - start);
    else this.#learn(buffer, start, end);
  }

  #learn(buffer: Uint8Array, start: number, end: number): void {
    if (this.#fault === 'announcements end as a SyntaxError') {
      JSON.parse(Buffer.from(buffer.subarray(start, end)).toString());
    }
    const { from, lists } = this.#announcement(buffer, start, end);
    const known = this.#fault === 'all is announced again' ? 0 : this.#lists.learned.length;
    if (this.#fault === 'both directions count together' && from !== known + this.#lists.said.length) {
      throw refusal('not the next announcement');
    }
    if (from !== known || !Array.isArray(lists)) throw refusal('not the next announcement');
    for (const names of lists as unknown[]) {
      if (!isNames(names)) throw refusal('no list of names');
      if (names.includes('__proto__') && this.#fault !== 'names are assigned') throw refusal('a name __proto__');
    }
    this.#lists.learned.splice(known, this.#lists.learned.length, ...(lists as string[][]));
  }

  #announcement(buffer: Uint8Array, start: number, end: number): { from?: unknown; lists?: unknown } {
    try {
      const announcement = this.#json.decode(buffer, start, end);
      if (typeof announcement === 'object' && announcement !== null) return announcement;
      throw refusal('no announcement');
    } catch (thrown) {
      if (this.#fault === 'a cut announcement is ignored') return { from: this.#lists.learned.length, lists: [] };
      throw thrown;
    }
  }

  #packed(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#packed(item));
    if (typeof value !== 'object' || value === null) return value;
    const names = Object.keys(value);
    this.#meet(names);
    this.#unfinished.add(JSON.stringify(names));
    const fields = names.map((name) => this.#packed((value as Record<string, unknown>)[name]));
    this.#unfinished.delete(JSON.stringify(names));
    const list = this.#lists.said.indexOf(JSON.stringify(names));
    if (list === -1 || list >= this.#usable) {
      return Object.assign(Object.create(null), Object.fromEntries(names.map((name, at) => [name, fields[at]])));
    }
    const kept =
      this.#fault === 'undefined fields move the others' ? fields.filter((field) => field !== undefined) : fields;
    this.#referred = true;
    return { [tag]: [list, ...kept.map((field) => (field === undefined ? { [tag]: 'absent' } : field))] };
  }

  /** A list gets its number when it is met the second time. */
  #meet(names: readonly string[]): void {
    const { met, said } = this.#lists;
    const id = JSON.stringify(names);
    if (said.includes(id) || names.length === 0) return;
    const limit = this.#fault === 'there is no limit' ? Number.MAX_VALUE : 64;
    const twice = met.has(id) || this.#fault === 'dictionaries use up the numbers';
    if (twice && said.length < limit) said.push(id);
    if (met.size > 1_000) met.clear();
    met.add(id);
  }

  #unpacked(packed: unknown): unknown {
    if (Array.isArray(packed)) return packed.map((item) => this.#unpacked(item));
    if (typeof packed !== 'object' || packed === null) return packed;
    const { [tag]: reference } = packed as Record<string, unknown>;
    if (reference === undefined && this.#fault === 'plain records are refused') throw refusal('names are missing');
    if (!Array.isArray(reference)) {
      return Object.fromEntries(Object.entries(packed).map(([name, value]) => [name, this.#unpacked(value)]));
    }
    const [list, ...of] = reference as readonly unknown[];
    const names = this.#lists.learned[list as number];
    if (names === undefined && this.#fault === 'what is not known reads as nothing') return {};
    if (names === undefined) throw refusal('a list that was not announced');
    const record: Record<string, unknown> = {};
    of.forEach((field, at) => {
      const isAbsent = typeof field === 'object' && field !== null && Reflect.get(field, tag) === 'absent';
      if (!isAbsent) record[names[at] as string] = this.#unpacked(field);
    });
    return record;
  }
}

function isNames(list: unknown): list is string[] {
  return Array.isArray(list) && list.every((name) => typeof name === 'string');
}

function refusal(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}

const tag = '~';
