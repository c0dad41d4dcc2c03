import { hasWildcards, matchesTopic } from '../../topic.js';

/** Values by topic or pattern, found by the topics that they stand for. Whole topics cost one look, patterns one each. */
export class TopicTable<T> {
  readonly #whole = new Map<string, Set<T>>();
  readonly #patterns = new Map<string, Set<T>>();

  add(pattern: string, value: T): void {
    const table = this.#tableOf(pattern);
    const values = table.get(pattern);
    if (values === undefined) table.set(pattern, new Set([value]));
    else values.add(value);
  }

  delete(pattern: string, value: T): void {
    const table = this.#tableOf(pattern);
    const values = table.get(pattern);
    values?.delete(value);
    if (values?.size === 0) table.delete(pattern);
  }

  /** What stands for a topic, whole topics first, in the order of adding. A copy: the table may change meanwhile. */
  matching(topic: string): readonly T[] {
    const found = [...(this.#whole.get(topic) ?? [])];
    for (const [pattern, values] of this.#patterns) if (matchesTopic(pattern, topic)) found.push(...values);
    return found;
  }

  #tableOf(pattern: string): Map<string, Set<T>> {
    return hasWildcards(pattern) ? this.#patterns : this.#whole;
  }
}
