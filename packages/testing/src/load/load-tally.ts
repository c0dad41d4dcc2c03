import { ServiceError } from '@tenon/contract';
import { Histogram } from '../histogram.js';
import type { FailureGroup, Latencies, LoadInterval } from './load-result.js';

/** What became of the calls of a load, as they end. */
export class LoadTally {
  succeeded = 0;
  failed = 0;
  readonly #latency = new Histogram();
  readonly #groups = new Map<string, GrowingGroup>();
  readonly #intervals: { failed: number; readonly latenciesMs: number[] }[] = [];

  constructor(private readonly intervalMs: number) {}

  /**
   * @param atMs - when the call was to be sent, since the beginning
   * @param elapsedMs - from then to its end
   */
  ok(atMs: number, elapsedMs: number): void {
    this.succeeded += 1;
    this.#latency.record(elapsedMs);
    this.#intervalOf(atMs).latenciesMs.push(elapsedMs);
  }

  fail(call: number, atMs: number, elapsedMs: number, thrown: unknown): void {
    this.failed += 1;
    this.#intervalOf(atMs).failed += 1;
    const { code, executed, text } = kindOf(thrown);
    const key = `${code} ${executed}`;
    const group = this.#groups.get(key) ?? new GrowingGroup(code, executed);
    this.#groups.set(key, group);
    group.add(call, atMs, elapsedMs, text);
  }

  get latencyMs(): Latencies {
    const at = (share: number): number => this.#latency.quantile(share);
    const max = this.#latency.total === 0 ? Number.NaN : this.#latency.max;
    return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max };
  }

  get failures(): readonly FailureGroup[] {
    return [...this.#groups.values()].map((group) => group.snapshot()).sort((one, other) => other.count - one.count);
  }

  get intervals(): readonly LoadInterval[] {
    return this.#intervals.map(({ failed, latenciesMs }, index) => {
      const sorted = latenciesMs.toSorted((one, other) => one - other);
      const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
      const times = { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
      return { fromMs: index * this.intervalMs, ok: sorted.length, failed, ...times };
    });
  }

  #intervalOf(atMs: number): { failed: number; readonly latenciesMs: number[] } {
    const index = Math.floor(atMs / this.intervalMs);
    while (this.#intervals.length <= index) this.#intervals.push({ failed: 0, latenciesMs: [] });
    return this.#intervals[index] as { failed: number; readonly latenciesMs: number[] };
  }
}

class GrowingGroup {
  #count = 0;
  #firstAtMs = Number.POSITIVE_INFINITY;
  #lastAtMs = 0;
  #slowestMs = 0;
  readonly #calls: number[] = [];
  readonly #samples = new Set<string>();

  constructor(
    private readonly code: string,
    private readonly executed: string,
  ) {}

  add(call: number, atMs: number, elapsedMs: number, text: string): void {
    this.#count += 1;
    this.#firstAtMs = Math.min(this.#firstAtMs, atMs);
    this.#lastAtMs = Math.max(this.#lastAtMs, atMs);
    this.#slowestMs = Math.max(this.#slowestMs, elapsedMs);
    if (this.#calls.length < maxCalls) this.#calls.push(call);
    if (this.#samples.size < maxSamples) this.#samples.add(text);
  }

  snapshot(): FailureGroup {
    return {
      code: this.code,
      executed: this.executed,
      count: this.#count,
      calls: [...this.#calls],
      samples: [...this.#samples],
      firstAtMs: this.#firstAtMs,
      lastAtMs: this.#lastAtMs,
      slowestMs: this.#slowestMs,
    };
  }
}

function kindOf(thrown: unknown): { readonly code: string; readonly executed: string; readonly text: string } {
  if (thrown instanceof ServiceError) return { code: thrown.code, executed: thrown.executed, text: thrown.message };
  if (thrown instanceof Error) return { code: thrown.name, executed: 'unknown', text: thrown.message };
  return { code: 'not an error', executed: 'unknown', text: String(thrown) };
}

const maxCalls = 10_000;
const maxSamples = 3;
