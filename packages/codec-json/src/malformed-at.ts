/**
 * The offset of the first byte at which some bytes stop being JSON; `end` where they are cut short or all are JSON.
 *
 * Only asked after `JSON.parse` refused them, whose message names no offset for short texts. Depth must have been
 * checked: this descends by recursion. Multi-byte characters need no attention, they occur inside strings alone.
 */
export function malformedAt(buffer: Uint8Array, start: number, end: number): number {
  const reader = new Reader(buffer, start, end);
  if (!reader.value()) return reader.at;
  reader.space();
  return reader.at;
}

/** Each method moves over what it names and says whether it was whole; if not, `at` stays where it broke off. */
class Reader {
  readonly #buffer: Uint8Array;
  readonly #end: number;
  at: number;

  constructor(buffer: Uint8Array, start: number, end: number) {
    this.#buffer = buffer;
    this.#end = end;
    this.at = start;
  }

  value(): boolean {
    this.space();
    switch (this.#peek()) {
      case '{':
        return this.#list('}', () => this.#member());
      case '[':
        return this.#list(']', () => this.value());
      case '"':
        return this.#string();
      case 't':
        return this.#word('true');
      case 'f':
        return this.#word('false');
      case 'n':
        return this.#word('null');
      default:
        return this.#number();
    }
  }

  space(): void {
    while (' \t\n\r'.includes(this.#peek() || 'x')) this.at += 1;
  }

  #list(close: string, item: () => boolean): boolean {
    this.at += 1;
    this.space();
    if (this.#take(close)) return true;
    for (;;) {
      if (!item()) return false;
      this.space();
      if (this.#take(close)) return true;
      if (!this.#take(',')) return false;
    }
  }

  #member(): boolean {
    this.space();
    if (!this.#string()) return false;
    this.space();
    return this.#take(':') && this.value();
  }

  #string(): boolean {
    if (!this.#take('"')) return false;
    while (!this.#take('"')) {
      if (this.#take('\\')) {
        if (!this.#escape()) return false;
      } else if (this.at < this.#end && (this.#buffer[this.at] as number) >= 0x20) {
        this.at += 1;
      } else {
        return false;
      }
    }
    return true;
  }

  #escape(): boolean {
    if (!this.#take('u')) return this.#takeOneOf('"\\/bfnrt');
    for (let digit = 0; digit < 4; digit += 1) if (!this.#takeOneOf('0123456789abcdefABCDEF')) return false;
    return true;
  }

  #number(): boolean {
    this.#take('-');
    if (!this.#take('0') && !this.#digits()) return false;
    if (this.#take('.') && !this.#digits()) return false;
    if (!this.#takeOneOf('eE')) return true;
    this.#takeOneOf('+-');
    return this.#digits();
  }

  #digits(): boolean {
    const from = this.at;
    while (this.#takeOneOf('0123456789'));
    return this.at > from;
  }

  #word(word: string): boolean {
    for (const letter of word) if (!this.#take(letter)) return false;
    return true;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.at += 1;
    return true;
  }

  #takeOneOf(characters: string): boolean {
    const next = this.#peek();
    if (next === '' || !characters.includes(next)) return false;
    this.at += 1;
    return true;
  }

  /** The next byte as a character; empty at the end. */
  #peek(): string {
    return this.at < this.#end ? String.fromCharCode(this.#buffer[this.at] as number) : '';
  }
}
