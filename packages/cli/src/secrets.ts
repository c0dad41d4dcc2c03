/** What must not be printed: values of metadata and of the options file, and passwords within addresses. */
export class Secrets {
  readonly #values = new Set<string>();

  /** Every text within a value counts, however deep; those of one or two characters would hide everything. */
  add(value: unknown): void {
    if (typeof value === 'string' && value.length > 2) this.#values.add(value);
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) this.add(inner);
  }

  /** The text without them. */
  redact(text: string): string {
    let redacted = text.replace(/\/\/[^/@\s]+@/g, '//***@');
    for (const value of this.#values) redacted = redacted.replaceAll(value, '***');
    return redacted;
  }
}
