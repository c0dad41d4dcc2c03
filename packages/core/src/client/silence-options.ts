import { checkedNumber } from '@tenon/contract/authoring';

/** How a node that says nothing is told from one that is slow. */
export interface SilenceOptions {
  /** Asks for a sign of life where calls are under way and none was answered for so long. Range 30 to 60,000 ms, default 300. */
  readonly afterMs?: number;
  /** How long that sign may take. Range 10 to 60,000 ms, default 300: with the wait before, calls of a second still go elsewhere. */
  readonly timeoutMs?: number;
}

export type ResolvedSilence = Required<SilenceOptions>;

/** Undefined where nobody is asked. */
export function resolveSilenceOptions(options: SilenceOptions | false = {}): ResolvedSilence | undefined {
  if (options === false) return undefined;
  return Object.freeze({
    afterMs: checkedNumber('client.silence.afterMs', options.afterMs, { min: 30, max: 60_000, fallback: 300 }),
    timeoutMs: checkedNumber('client.silence.timeoutMs', options.timeoutMs, { min: 10, max: 60_000, fallback: 300 }),
  });
}
