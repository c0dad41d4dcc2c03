import { type BuildPlan, Built, type CodecSession, type Decoder, type Encoder, type Schema } from '@tenon/contract';
import { malformed, plainEntry, readEntries } from './announcement.js';
import type { KnownLayout } from './known-layout.js';
import type { LayoutLibrary } from './layout-library.js';
import { plainNumber, writeNumber } from './layout-number.js';
import { ToldLayouts } from './told-layouts.js';
import { type WrittenLayout, WrittenLayouts } from './written-layouts.js';

/**
 * One end of a connection whose other end has such a session too.
 *
 * Each value begins with the number of its writer's layout, or 0 for one that goes plain. A layout is offered by its hash
 * when it is first needed; until the peer has answered, and wherever a value does not fit, values go plain.
 */
export class LinkedSession implements CodecSession {
  readonly #library: LayoutLibrary;
  readonly #plain: CodecSession;
  readonly #encodePlain: Encoder;
  readonly #decodePlain: Decoder;
  readonly #written = new WrittenLayouts();
  readonly #told: ToldLayouts;

  constructor(library: LayoutLibrary, plain: CodecSession) {
    this.#library = library;
    this.#plain = plain;
    this.#encodePlain = plain.encoder();
    this.#decodePlain = plain.decoder();
    this.#told = new ToldLayouts(library);
  }

  encoder(schema?: Schema): Encoder {
    const known = this.#library.own(schema);
    const written = known === undefined ? undefined : this.#written.of(known);
    if (written === undefined) return (value, sink) => this.#writePlain(value, sink);
    return (value, sink) => {
      if (!written.agreed) {
        this.#written.offer(written);
        this.#writePlain(value, sink);
      } else if (!this.#writeByLayout(written, value, sink)) {
        this.#writePlain(value, sink);
        this.#library.misfit(written.known, schema, value);
      }
    };
  }

  decoder(schema?: Schema, plan?: BuildPlan): Decoder {
    const own = this.#library.own(schema);
    let lastNumber = plainNumber;
    let lastDecode = this.#decodePlain;
    return (buffer, start, end) => {
      const number = numberAt(buffer, start, end);
      if (number !== lastNumber) {
        lastDecode = number === plainNumber ? this.#decodePlain : this.#decoderOf(number, own, plan);
        lastNumber = number;
      }
      return lastDecode(buffer, start + (number < 0x80 ? 1 : 2), end);
    };
  }

  announce(): Uint8Array | undefined {
    const plain = this.#plain.announce?.();
    let entry = plain === undefined ? this.#written.next() : plainEntry(plain);
    if (entry === undefined) return undefined;
    const entries: Buffer[] = [];
    let bytes = 0;
    while (entry !== undefined) {
      entries.push(entry);
      bytes += entry.length;
      // A layout may fill an announcement by itself; one that is short leaves room for any other entry.
      entry = bytes > maxShortBytes ? undefined : this.#written.next();
    }
    return Buffer.concat(entries);
  }

  learn(buffer: Uint8Array, start: number, end: number): void {
    for (const entry of readEntries(buffer, start, end)) {
      switch (entry.kind) {
        case 'offer':
          this.#written.answer(entry.number, this.#told.offered(entry.number, entry.hash));
          break;
        case 'layout':
          if (this.#told.told(entry.number, buffer, entry.start, entry.end) === 'refused') {
            this.#written.answer(entry.number, 'refused');
          }
          break;
        case 'plain':
          if (this.#plain.learn === undefined) throw malformed('the plain codec learns nothing');
          this.#plain.learn(buffer, entry.start, entry.end);
          break;
        default:
          this.#written.answered(entry.number, entry.kind);
      }
    }
  }

  #writePlain(value: unknown, sink: Parameters<Encoder>[1]): void {
    writeNumber(sink, plainNumber);
    this.#encodePlain(value, sink);
  }

  #writeByLayout({ number, known }: WrittenLayout, value: unknown, sink: Parameters<Encoder>[1]): boolean {
    const start = sink.position;
    writeNumber(sink, number);
    if (known.write(value, sink, this.#encodePlain)) return true;
    sink.position = start;
    return false;
  }

  /** How values of one of the peer's layouts are read as one of our classes. */
  #decoderOf(number: number, own: KnownLayout | undefined, plan: BuildPlan | undefined): Decoder {
    const told = this.#told.of(number);
    // The peer may have told it before our class was first asked for.
    const known = own?.hash === told.hash ? own : told;
    const plain = this.#decodePlain;
    if (own !== undefined && own !== known) this.#compare(number, known, own);
    const { reader } = known;
    const builder = plan === undefined || own !== known ? undefined : own.builder(plan);
    if (builder === undefined) return (buffer, start, end) => reader(buffer, start, end, plain);
    return (buffer, start, end) => {
      const built = builder(buffer, start, end, plain);
      // Whatever is wrong with it, or only unusual, the validator will say.
      return built === undefined ? reader(buffer, start, end, plain) : new Built(built);
    };
  }

  /** A peer whose class does not fit ours shall write no more by its layout; what is under way is still read. */
  #compare(number: number, written: KnownLayout, own: KnownLayout): void {
    const obstacle = this.#library.obstacle(written, own);
    if (obstacle === undefined || !this.#told.refuse(number)) return;
    this.#written.answer(number, 'refused');
    this.#library.warn('a peer has another version of a class, and its values go by the plain codec', {
      field: obstacle.path,
      difference: obstacle.what,
    });
  }
}

function numberAt(buffer: Uint8Array, start: number, end: number): number {
  const first = start < end ? (buffer[start] as number) : -1;
  if (first >= 0 && first < 0x80) return first;
  const second = start + 1 < end ? (buffer[start + 1] as number) : 0;
  // Two bytes are for numbers that one cannot hold.
  if (first < 0 || second === 0 || second > 2) throw malformed('a value without the number of its layout');
  return (first & 0x7f) | (second << 7);
}

/** An announcement of entries that are short, which leaves room for one that is not. */
const maxShortBytes = 2_048;
