import { performance } from 'node:perf_hooks';
import { Histogram } from '@tenon/testing/histogram';
import { OpenLoopLoad } from '@tenon/testing/open-loop-load';
import { type App, type ClientOf, ServiceError } from 'tenon';
import { Choices } from './choices.js';
import { LoadAnswers } from './load-answers.js';
import { LoadWindows } from './load-windows.js';
import type {
  CallerReport,
  CallFindings,
  FailedCalls,
  LoadFindings,
  LoadOrder,
  LoopFindings,
  LoopOrder,
} from './orders.js';
import { StallWatch } from './stall-watch.js';
import { Target } from './target.js';

/** The calling half of a fleet, in whatever process it runs: makes loads and single calls, and tells how far they are. */
export class Loads {
  readonly #target: ClientOf<Target>;
  readonly #running = new Map<string, OpenLoopLoad>();

  /** @param choices - what the selector of the app counts in. Default: nothing does. */
  constructor(
    app: App,
    private readonly choices = new Choices(),
  ) {
    this.#target = app.client(Target);
  }

  async run(order: LoadOrder): Promise<LoadFindings> {
    const { name, endpoint, rate, durationMs, request = {}, options = {}, maxInFlight, intervalMs = 100 } = order;
    const answers = new LoadAnswers(order);
    const { keyed = false, keepsEnds = false } = order;
    const ends = new Float64Array(keepsEnds ? Math.ceil((rate * durationMs) / 1_000) + 1 : 0).fill(Number.NaN);
    const failed = new FailedTally();
    const windows = new LoadWindows(order.windowMs ?? Number.POSITIVE_INFINITY);
    const sinceDue = (n: number): number => performance.now() - beganAt - (n * 1_000) / rate;
    const call = async (n: number): Promise<void> => {
      const id = `${name}-${n}`;
      const asked = keyed ? { ...options, idempotencyKey: id } : options;
      const sentAt = performance.now();
      try {
        const done = await this.#target[endpoint]({ ...request, id }, asked);
        if (done.id !== id || done.text !== request.text) throw new Error(`${id} got the answer of ${done.id}`);
        if (keepsEnds) ends[n] = performance.timeOrigin + performance.now();
        answers.came(n, done.node, performance.now() - sentAt);
        windows.came((n * 1_000) / rate, sinceDue(n));
      } catch (thrown) {
        const elapsedMs = performance.now() - sentAt;
        answers.failed(n, elapsedMs, thrown);
        windows.failed((n * 1_000) / rate, sinceDue(n), thrown);
        return failed.add(elapsedMs, withAttempts(thrown));
      }
    };
    const load = new OpenLoopLoad({
      rate,
      durationMs,
      call,
      intervalMs,
      ...(maxInFlight === undefined ? {} : { maxInFlight }),
    });
    this.#running.set(name, load);
    const stalls = new StallWatch();
    const beganAt = performance.now();
    const beganAtEpochMs = performance.timeOrigin + beganAt;
    try {
      const result = await load.run();
      const choices = this.choices.since(beganAt);
      const mine = {
        ...answers.findings,
        ...(keepsEnds ? { endsAtEpochMs: ends } : {}),
        turnedAway: failed.findings,
        windows: order.windowMs === undefined ? [] : windows.findings,
        choices,
      };
      return { ...result, ...mine, beganAtEpochMs, longestStall: stalls.take() };
    } finally {
      stalls.stop();
      this.#running.delete(name);
    }
  }

  /** A closed loop: how many calls a second the fleet answers to so many callers. */
  async loop({ name, endpoint, callers, durationMs, request = {}, options = {} }: LoopOrder): Promise<LoopFindings> {
    let [succeeded, failed, made] = [0, 0, 0];
    const began = performance.now();
    const end = began + durationMs;
    const caller = async (): Promise<void> => {
      while (performance.now() < end) {
        made += 1;
        try {
          await this.#target[endpoint]({ ...request, id: `${name}-${made}` }, options);
          succeeded += 1;
        } catch {
          failed += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return { succeeded, failed, perSecond: (succeeded * 1_000) / (performance.now() - began) };
  }

  /** Of a load under way; undefined where there is none of that name. */
  progress(name: string): OpenLoopLoad['progress'] | undefined {
    return this.#running.get(name)?.progress;
  }

  /** Ends a load before its time. */
  stop(name: string): void {
    this.#running.get(name)?.stop();
  }

  /** One call. Never rejects: what it failed with is what was found. */
  async call({ endpoint, name, request = {}, options = {} }: SingleCall): Promise<CallFindings> {
    const began = performance.now();
    try {
      const { node } = await this.#target[endpoint]({ ...request, id: name }, options);
      return { node, elapsedMs: performance.now() - began };
    } catch (thrown) {
      const { code, executed, message } = ServiceError.from(thrown);
      return { code, executed, message, elapsedMs: performance.now() - began };
    }
  }

  report(): CallerReport {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const mostRssBytes = process.resourceUsage().maxRSS * 1_024;
    return { rssBytes: rss, mostRssBytes, heapBytes: heapUsed, cpuMicros: user + system };
  }
}

/** The same failure, whose message says what each attempt came to: it is all that a row gets to see. */
function withAttempts(thrown: unknown): ServiceError {
  const { code, executed, refusal, rawMessage, attempts } = ServiceError.from(thrown);
  const each = attempts.map(
    (one) => `${one.address} ${one.code} (${one.executed}) after ${Math.round(one.elapsedMs)} ms: ${one.message}`,
  );
  return new ServiceError(code, [rawMessage, ...(each.length > 1 ? each : [])].join(' | '), { executed, refusal });
}

/** What {@link Loads.call} is told. `name` is the call's id. */
export type SingleCall = Pick<LoadOrder, 'endpoint' | 'name' | 'request' | 'options'>;

/** Counts calls that failed, as they fail. */
class FailedTally {
  readonly #overloaded = new Histogram();
  #quickestMs = Number.POSITIVE_INFINITY;
  #slowestMs = Number.NEGATIVE_INFINITY;

  /** Throws what was thrown. */
  add(elapsedMs: number, thrown: unknown): never {
    const { refusal, executed } = ServiceError.from(thrown);
    if (refusal === 'overloaded' && executed === 'no') this.#overloaded.record(elapsedMs);
    this.#quickestMs = Math.min(this.#quickestMs, elapsedMs);
    this.#slowestMs = Math.max(this.#slowestMs, elapsedMs);
    throw thrown;
  }

  get findings(): FailedCalls {
    return {
      overloaded: this.#overloaded.total,
      overloadedP99Ms: this.#overloaded.quantile(0.99),
      quickestMs: this.#quickestMs,
      slowestMs: this.#slowestMs,
    };
  }
}
