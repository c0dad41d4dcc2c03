import { type LoadResult, OpenLoopLoad } from '@tenon/testing/open-loop-load';
import { type App, Client } from 'tenon';
import { epochNow, type HopCall, hopEndpoint } from './hop.js';

/** Calls of the first hop of a chain. */
export interface ChainLoadOrder {
  /** Each call's id begins with it: `go-0`. */
  readonly name: string;
  readonly first: string;
  readonly rate: number;
  readonly durationMs: number;
  /** Default: the client's. */
  readonly timeoutMs?: number;
  /** The caller leaves each call after so long. Default: never. */
  readonly leaveAfterMs?: number;
}

/** Times in milliseconds since 1970, by the number of the call. */
export interface ChainFindings extends LoadResult {
  readonly beganAt: Float64Array;
  /** When the caller left it; NaN where it did not. */
  readonly leftAt: Float64Array;
}

/** The calling side of a chain. */
export class ChainLoads {
  constructor(private readonly app: App) {}

  async run({ name, first, rate, durationMs, timeoutMs, leaveAfterMs }: ChainLoadOrder): Promise<ChainFindings> {
    const calls = Math.ceil((rate * durationMs) / 1_000) + 1;
    const beganAt = new Float64Array(calls).fill(Number.NaN);
    const leftAt = new Float64Array(calls).fill(Number.NaN);
    const client = this.app.get(Client);
    const call = async (n: number): Promise<void> => {
      const request: HopCall = { id: `${name}-${n}` };
      const leaving = leaveAfterMs === undefined ? undefined : new AbortController();
      const timer = setTimeout(() => {
        leftAt[n] = epochNow();
        leaving?.abort();
      }, leaveAfterMs);
      if (leaving === undefined) clearTimeout(timer);
      beganAt[n] = epochNow();
      const options = { ...(timeoutMs === undefined ? {} : { timeoutMs }), signal: leaving?.signal };
      await client.unary(hopEndpoint(first), request, options).finally(() => clearTimeout(timer));
    };
    const result = await new OpenLoopLoad({ rate, durationMs, call }).run();
    return { ...result, beganAt, leftAt };
  }
}
