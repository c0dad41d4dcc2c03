/**
 * A function made of text, and the values that the text refers to by name. The text is made of what the application's own classes
 * say, each of their names {@link quoted}; never of anything that came over a wire.
 */
export class GeneratedCode {
  readonly #names: string[] = [];
  readonly #values: unknown[] = [];

  /** Passes a value in. Returns the name under which the code has it. */
  add(name: string, value: unknown): string {
    this.#names.push(name);
    this.#values.push(value);
    return name;
  }

  /** Runs the code of a function, and returns what that returns. Only where {@link mayGenerate}. */
  run(source: string): unknown {
    return new Function(...this.#names, `'use strict';\n${source}`)(...this.#values);
  }
}

/** Whether the process allows code to be made of text (`--disallow-code-generation-from-strings` forbids it). */
export function mayGenerate(): boolean {
  try {
    return new Function('return true')() === true;
  } catch {
    return false; // Forbidden by a flag, or by whoever replaced Function: a choice of the application, not a fault.
  }
}

/** A text as it stands in code. */
export function quoted(text: string): string {
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}
