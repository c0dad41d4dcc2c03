/** What an instrument measures: the same three things that its row in the documentation says. */
export interface InstrumentInfo {
  /** Dotted, lower case, singular units left out: `tenon.client.retries`. */
  readonly name: string;
  /** As UCUM writes it: `ms`, `By`, or what is counted in braces: `{retry}`. */
  readonly unit: string;
  readonly description: string;
}

/** What tells the series of one instrument apart. Values come from a bounded set: never an id of a call, never free text. */
export type Labels = Readonly<Record<string, string>>;

/** Counts what happens. */
export interface Counter {
  /** @param by - 0 and more. */
  add(by: number, labels?: Labels): void;
}

/** Holds the newest value of something. */
export interface Gauge {
  set(value: number, labels?: Labels): void;
}

/** Collects values whose distribution matters. */
export interface Histogram {
  record(value: number, labels?: Labels): void;
}

/**
 * Where everything in Tenon counts what happens. Nothing is read back from it, so that any metrics library can stand behind it.
 *
 * Callers make an instrument once and keep it; the same name again gives the same instrument. Implementers never throw, and
 * return quickly: instruments are used on the way of calls.
 */
export abstract class Meter {
  abstract counter(info: InstrumentInfo): Counter;
  abstract gauge(info: InstrumentInfo): Gauge;
  abstract histogram(info: InstrumentInfo): Histogram;
}
