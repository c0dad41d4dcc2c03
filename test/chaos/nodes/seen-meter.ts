import { Histogram as Values } from '@tenon/testing/histogram';
import type { Counter, Gauge, Histogram, InstrumentInfo, Labels, Meter } from 'tenon';

/** What one series has been told. Plain data. */
export interface SeenSeries {
  readonly labels: Labels;
  readonly count: number;
  readonly sum: number;
  readonly max: number;
  readonly newest: number;
  /** Of a histogram's values, which are milliseconds; NaN of other instruments. */
  readonly p99: number;
}

interface GrowingSeries extends Omit<SeenSeries, 'p99'> {
  readonly values?: Values;
}

/** A meter that keeps a few numbers of each series, however often it is told. */
export class SeenMeter implements Meter {
  readonly #instruments = new Map<string, Map<string, GrowingSeries>>();

  counter({ name }: InstrumentInfo): Counter {
    return { add: (by, labels) => this.#see(name, labels, by) };
  }

  gauge({ name }: InstrumentInfo): Gauge {
    return { set: (value, labels) => this.#see(name, labels, value) };
  }

  histogram({ name }: InstrumentInfo): Histogram {
    return { record: (value, labels) => this.#see(name, labels, value, true) };
  }

  /** The series of one instrument; none where nobody used it. */
  series(name: string): readonly SeenSeries[] {
    const found = [...(this.#instruments.get(name)?.values() ?? [])];
    return found.map(({ values, ...series }) => ({ ...series, p99: values?.quantile(0.99) ?? Number.NaN }));
  }

  /** How many series each instrument has. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#instruments].map(([name, series]) => [name, series.size]));
  }

  #see(name: string, labels: Labels = {}, value: number, isDistribution = false): void {
    const series = this.#instruments.get(name) ?? new Map<string, GrowingSeries>();
    this.#instruments.set(name, series);
    const key = JSON.stringify(labels);
    const before = series.get(key);
    const { count = 0, sum = 0, max = Number.NEGATIVE_INFINITY } = before ?? {};
    const values = before?.values ?? (isDistribution ? new Values() : undefined);
    values?.record(value);
    series.set(key, {
      labels,
      count: count + 1,
      sum: sum + value,
      max: Math.max(max, value),
      newest: value,
      ...(values === undefined ? {} : { values }),
    });
  }
}
