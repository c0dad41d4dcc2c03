import { Script } from 'node:vm';
import { type RecordCode, recordCode } from './record-code.js';

/**
 * Gives each shape its own copy of {@link recordCode}.
 *
 * V8 keeps what it learns about a place in the code with the function as it was evaluated, not with the closure: all that
 * one evaluation makes share it, and a place that has seen the names of two shapes is slow for both of them for good. So
 * the function is evaluated again for each shape. It is always the same text, ours; names are values that are passed to
 * it and never become a part of it.
 *
 * A name list has one copy however many connections use it, and there are at most {@link maxCopies}, because each costs
 * some ten kilobytes once it runs hot. Further shapes share one, which is slower and otherwise the same.
 */
export class RecordCodes {
  readonly #text: string;
  readonly #codes = new Map<string, RecordCode>();
  #evaluate: (() => typeof recordCode) | undefined;

  /** @param text - of the function, other than by default in tests alone. */
  constructor(text = String(recordCode)) {
    this.#text = text;
  }

  of(names: readonly string[]): RecordCode {
    const id = JSON.stringify(names);
    const known = this.#codes.get(id);
    if (known !== undefined) return known;
    if (this.#codes.size >= maxCopies) return recordCode(names);
    this.#evaluate ??= evaluator(this.#text);
    const code = this.#evaluate()(names);
    this.#codes.set(id, code);
    return code;
  }
}

/** Evaluates the function anew at each call; gives the original where the text does not stand alone. */
function evaluator(text: string): () => typeof recordCode {
  try {
    const script = new Script(`(${text})`, { filename: 'tenon-record-code.js' });
    const evaluate = (): typeof recordCode => script.runInThisContext() as typeof recordCode;
    return standsAlone(evaluate()) ? evaluate : () => recordCode;
  } catch {
    // Coverage tools and bundlers may put calls to something of theirs into each function, which a copy does not find.
    return () => recordCode;
  }
}

/** Whether all of it runs, and makes objects of this realm: test runners may run this package in another than the script. */
function standsAlone(copy: typeof recordCode): boolean {
  const code = copy(['a']);
  code.write({ field: () => {}, failed: (thrown) => thrown }, undefined, { a: 1 }, 1);
  const record = code.read({ isNext: () => true, value: () => 1, rest: () => ({}) }, undefined, 1);
  return code.matches(record) && Object.getPrototypeOf(record) === Object.prototype;
}

const maxCopies = 256;
