import { checkedNumber } from '@tenon/contract/authoring';

/** How many calls a server lets wait for their turn, and for how long. All fields are optional. */
export interface QueueOptions {
  /** Further calls are turned away, or turn less important ones away. Range 1 to 100,000, default 1,024. */
  readonly maxCalls?: number;
  /** How long a call may wait while others have been waiting for longer than `intervalMs`. Range 1 to 10,000 ms, default 5. */
  readonly targetMs?: number;
  /** How long a call may wait otherwise. Range 1 to 60,000 ms, default 100. */
  readonly intervalMs?: number;
}

export interface ResolvedQueueOptions {
  readonly maxCalls: number;
  readonly targetMs: number;
  readonly intervalMs: number;
}

/** @throws ServiceError `InvalidArgument` that names the option. */
export function resolveQueueOptions(given: QueueOptions = {}): ResolvedQueueOptions {
  return Object.freeze({
    maxCalls: checkedNumber('server.queue.maxCalls', given.maxCalls, { min: 1, max: 100_000, fallback: 1_024 }),
    targetMs: checkedNumber('server.queue.targetMs', given.targetMs, { min: 1, max: 10_000, fallback: 5 }),
    intervalMs: checkedNumber('server.queue.intervalMs', given.intervalMs, { min: 1, max: 60_000, fallback: 100 }),
  });
}
