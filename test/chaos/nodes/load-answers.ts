import { Histogram } from '@tenon/testing/histogram';
import { ServiceError } from 'tenon';
import type { LoadFindings, LoadOrder, SlowCall } from './orders.js';

/** Who answered the calls of a load, and how fast, as the answers come. */
export class LoadAnswers {
  readonly #slow: SlowCall[] = [];
  readonly #latencies = new Map<string, Histogram>();
  readonly #answers: Record<string, number[]> = {};

  constructor(private readonly order: LoadOrder) {}

  came(n: number, node: string, elapsedMs: number): void {
    const { slowMs = Number.POSITIVE_INFINITY, intervalMs = 100 } = this.order;
    const atMs = this.#atMs(n);
    if (elapsedMs > slowMs) this.#slow.push({ atMs, elapsedMs });
    let latency = this.#latencies.get(node);
    if (latency === undefined) {
      latency = new Histogram();
      this.#latencies.set(node, latency);
    }
    latency.record(elapsedMs);
    const series = this.#answers[node] ?? [];
    this.#answers[node] = series;
    addTo(series, Math.floor(atMs / intervalMs));
  }

  failed(n: number, elapsedMs: number, thrown: unknown): void {
    if (this.order.slowMs === undefined || this.#slow.length >= maxKept) return;
    const { code, executed, message } = ServiceError.from(thrown);
    this.#slow.push({ atMs: this.#atMs(n), elapsedMs, code, executed, message });
  }

  get findings(): Pick<LoadFindings, 'answersByNode' | 'latencyByNode' | 'slow'> {
    const latencyByNode = Object.fromEntries([...this.#latencies].map(([node, one]) => [node, latenciesOf(one)]));
    return { answersByNode: this.#answers, latencyByNode, slow: this.#slow };
  }

  #atMs(n: number): number {
    return (n * 1_000) / this.order.rate;
  }
}

/** Counts one more in a place of a series, which grows as far as it must. */
export function addTo(series: number[], index: number): void {
  while (series.length <= index) series.push(0);
  series[index] = (series[index] ?? 0) + 1;
}

function latenciesOf(histogram: Histogram): LoadFindings['latencyMs'] {
  const at = (share: number): number => histogram.quantile(share);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: histogram.max };
}

const maxKept = 20_000;
