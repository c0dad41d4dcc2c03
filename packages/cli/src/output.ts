import { once } from 'node:events';
import type { Surroundings } from './surroundings.js';

/** Where a command's results go: tables for a person, or JSON. */
export class Output {
  readonly #surroundings: Surroundings;
  readonly isJson: boolean;

  constructor(surroundings: Surroundings, isJson: boolean) {
    this.#surroundings = surroundings;
    this.isJson = isJson;
  }

  /** One result: as the text that it makes, or as one JSON document. */
  async result(value: unknown, asText: () => string): Promise<void> {
    await this.line(this.isJson ? jsonText(value) : asText());
  }

  /** What a service answered, which is JSON in either case; indented for a person. */
  async answer(value: unknown): Promise<void> {
    await this.line(jsonText(value, this.#surroundings.isTerminal && !this.isJson ? 2 : undefined));
  }

  /** A line, or several. Resolves when there is room for more. */
  async line(text: string): Promise<void> {
    const { output, signal } = this.#surroundings;
    if (output.write(`${text}\n`) || signal.aborted) return;
    await once(output, 'drain', { signal }).catch(() => {});
  }
}

/** JSON of anything that a codec gives: bytes as base64, whole numbers beyond 2^53 as text, nothing as `null`. */
export function jsonText(value: unknown, indent?: number): string {
  const plain = (_key: string, inner: unknown): unknown => {
    if (typeof inner === 'bigint') return inner.toString();
    if (inner instanceof Uint8Array) return Buffer.from(inner).toString('base64');
    return inner;
  };
  return JSON.stringify(value, plain, indent) ?? 'null';
}
