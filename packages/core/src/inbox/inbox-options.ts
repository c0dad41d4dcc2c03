import { checkedTopicPattern, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** How an inbox works. All fields are optional. */
export interface InboxOptions {
  /**
   * For how long nobody else handles an event whose handler gives no sign of life, in milliseconds, 1,000 to 3,600,000. Signs are given by
   * themselves while the handler runs, so it bounds how late an event of a process that died is handled, not how long a handler may
   * take. Default 30,000.
   */
  readonly holdMs?: number | undefined;
  /** Only events of these topics; patterns are allowed. Default `['>']`: all. */
  readonly topics?: readonly string[] | undefined;
}

/** {@link InboxOptions} with every default filled in. */
export interface ResolvedInboxOptions {
  readonly holdMs: number;
  readonly topics: readonly string[];
}

/** Copies, fills, checks and freezes. Throws `InvalidArgument` that names the option. */
export function resolveInboxOptions(options: InboxOptions): ResolvedInboxOptions {
  return Object.freeze({
    holdMs: checkedNumber('inbox.holdMs', options.holdMs, { min: 1_000, max: 3_600_000, fallback: 30_000 }),
    topics: checkedTopics(options.topics ?? ['>']),
  });
}

function checkedTopics(topics: readonly string[]): readonly string[] {
  if (!Array.isArray(topics) || topics.length === 0) {
    const text = `inbox.topics is ${JSON.stringify(topics)}; it must be a list of topics`;
    throw new ServiceError('InvalidArgument', text, { executed: 'no' });
  }
  return Object.freeze(topics.map(checkedTopicPattern));
}
