import type { TargetTerms } from './spool-target.js';

/** The key of a queue of a topic or pattern. */
export function keyOfQueue(pattern: string, queue: string): string {
  return JSON.stringify([pattern, queue]);
}

/** The key of one subscriber without a queue. */
export function keyOfSubscriber({ id, topic }: { readonly id: string; readonly topic: string }): string {
  return JSON.stringify([topic, null, id]);
}

/** What a key of either kind says. */
export function termsOfKey(key: string): TargetTerms {
  const [pattern, queue] = JSON.parse(key) as readonly [string, string | null];
  return { key, pattern, queue: queue ?? undefined, isOrdered: false };
}
