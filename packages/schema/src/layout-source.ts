import { ServiceError } from '@tenon/contract';

/** The bytes of a layout that a stranger sent, read from the front. Whatever is not in canonical form is refused. */
export class LayoutSource {
  readonly #buffer: Buffer;
  readonly #end: number;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #position: number;

  constructor(buffer: Buffer, start: number, end: number) {
    this.#buffer = buffer;
    this.#position = start;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#position;
  }

  byte(): number {
    const at = this.#take(1);
    return this.#buffer[at] as number;
  }

  /** A number of things of which each takes at least so many bytes: more than can be there are refused at once. */
  count(least: number, most: number, bytesEach: number, what: string): number {
    const count = this.varint();
    if (count < least || count > most) this.refuse(`there are ${count} ${what}, not ${least} to ${most}`);
    if (count * bytesEach > this.left) this.refuse(`${count} ${what} do not fit in ${this.left} bytes`);
    return count;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 0x80;
      if (byte > 0x7f) continue;
      if (byte === 0 && length > 1) this.refuse('a number is not in its shortest form');
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
    return this.refuse('a number is too large');
  }

  text(): string {
    const length = this.varint();
    if (length > this.left) this.refuse(`a text of ${length} bytes does not fit in ${this.left}`);
    const at = this.#take(length);
    try {
      return this.#decoder.decode(this.#buffer.subarray(at, at + length));
    } catch {
      return this.refuse('a text is not UTF-8');
    }
  }

  double(): number {
    return this.#buffer.readDoubleBE(this.#take(8));
  }

  refuse(why: string): never {
    throw new ServiceError('InvalidArgument', `the layout is refused at byte ${this.#position}: ${why}`, {
      executed: 'no',
    });
  }

  #take(length: number): number {
    const at = this.#position;
    if (length > this.#end - at) this.refuse('it ends too early');
    this.#position = at + length;
    return at;
  }
}
