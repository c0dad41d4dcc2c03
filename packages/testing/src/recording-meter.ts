import type { Counter, Gauge, Histogram, InstrumentInfo, Labels, Meter } from '@tenon/contract';

/** A meter that keeps what it was told, for tests that look at what was counted. */
export class RecordingMeter implements Meter {
  readonly #series = new Map<string, number[]>();

  counter({ name }: InstrumentInfo): Counter {
    return { add: (by, labels) => this.#record(name, labels, by) };
  }

  gauge({ name }: InstrumentInfo): Gauge {
    return { set: (value, labels) => this.#record(name, labels, value) };
  }

  histogram({ name }: InstrumentInfo): Histogram {
    return { record: (value, labels) => this.#record(name, labels, value) };
  }

  /** The sum of a counter's series that have all these labels; 0 where there is none. */
  total(name: string, labels: Labels = {}): number {
    return this.values(name, labels).reduce((sum, value) => sum + value, 0);
  }

  /** What was recorded for an instrument in the series that have all these labels, series by series, oldest first. */
  values(name: string, labels: Labels = {}): readonly number[] {
    const wanted = Object.entries(labels);
    return [...this.#series].flatMap(([key, values]) => {
      const [of, own] = JSON.parse(key) as [string, Labels];
      return of === name && wanted.every(([label, value]) => own[label] === value) ? values : [];
    });
  }

  /** The newest value of a gauge's series with exactly these labels; undefined before the first. */
  newest(name: string, labels: Labels = {}): number | undefined {
    return this.#series.get(keyOf(name, labels))?.at(-1);
  }

  /** The instruments that were told anything. */
  get names(): readonly string[] {
    return [...new Set([...this.#series.keys()].map((key) => (JSON.parse(key) as [string, Labels])[0]))];
  }

  /** The labels of every series of an instrument. */
  series(name: string): readonly Labels[] {
    return [...this.#series.keys()]
      .map((key) => JSON.parse(key) as [string, Labels])
      .flatMap(([of, own]) => (of === name ? [own] : []));
  }

  #record(name: string, labels: Labels = {}, value: number): void {
    const key = keyOf(name, labels);
    const values = this.#series.get(key);
    if (values === undefined) this.#series.set(key, [value]);
    else values.push(value);
  }
}

function keyOf(name: string, labels: Labels): string {
  return JSON.stringify([
    name,
    Object.fromEntries(Object.entries(labels).sort(([one], [other]) => (one < other ? -1 : 1))),
  ]);
}
