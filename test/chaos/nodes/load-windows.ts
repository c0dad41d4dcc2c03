import { Histogram } from '@tenon/testing/histogram';
import { ServiceError } from 'tenon';

/** What a stretch of a load came to. */
export interface LoadWindow {
  readonly succeeded: number;
  /** Of calls that succeeded, from when each was to be sent. */
  readonly p99Ms: number;
  /** Turned away as overloaded, with nothing executed, so that another node can take them. */
  readonly overloaded: number;
  readonly overloadedP99Ms: number;
}

interface Stretch {
  readonly succeeded: Histogram;
  readonly overloaded: Histogram;
}

/**
 * Cuts a load into stretches of one length, to be told from each other: of a machine that stands still now and then, the middle one
 * tells more than the sum of all.
 */
export class LoadWindows {
  readonly #windows: Stretch[] = [];

  constructor(private readonly windowMs: number) {}

  /** A call succeeded that was to be sent so long after the beginning. */
  came(atMs: number, tookMs: number): void {
    this.#at(atMs).succeeded.record(tookMs);
  }

  failed(atMs: number, tookMs: number, thrown: unknown): void {
    const { refusal, executed } = ServiceError.from(thrown);
    if (refusal === 'overloaded' && executed === 'no') this.#at(atMs).overloaded.record(tookMs);
  }

  get findings(): readonly LoadWindow[] {
    return this.#windows.map(({ succeeded, overloaded }) => ({
      succeeded: succeeded.total,
      p99Ms: succeeded.quantile(0.99),
      overloaded: overloaded.total,
      overloadedP99Ms: overloaded.quantile(0.99),
    }));
  }

  #at(atMs: number): Stretch {
    const index = Math.floor(atMs / this.windowMs);
    while (this.#windows.length <= index) {
      this.#windows.push({ succeeded: new Histogram(), overloaded: new Histogram() });
    }
    return this.#windows[index] as Stretch;
  }
}
