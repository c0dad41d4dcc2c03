import type { Lab } from '../lab/lab.js';
import type { Wire } from '../lab/wire.js';
import type { NamedTests } from './test-run.js';

/**
 * One fault of the catalogue, and what must hold under it. A row is a file in `test/chaos/rows`, named after its id, that exports
 * one value of this type; nothing else needs to know it.
 */
export interface Row {
  /** `N-02` */
  readonly id: string;
  /** What is done, in a few words. */
  readonly fault: string;
  /** What must hold, with its figures. */
  readonly bar: string;
  /** `each`: once over each wire. Absent: once, over the default one. */
  readonly transports?: 'each' | undefined;
  /** Wires to which the fault does not apply, each with the reason, which is shown. */
  readonly notApplicable?: Partial<Readonly<Record<Wire, string>>>;
  /**
   * Its cells are so small a load that they run side by side. `pairs`: two fleets at once, where times are measured or calls are many.
   * `all`: all of them, where only what happened is counted. Absent: each alone.
   */
  readonly together?: 'pairs' | 'all';
  /** It asks for no wires, and bears neighbours: it runs side by side with other such rows. Default false. */
  readonly quiet?: boolean;
  /** It is about a registry, whichever it is: with `--registries` it runs once with each of them. Absent: with etcd alone. */
  readonly registries?: 'each';
  /** Tests that show a part of it; see `tested` of the context. Default none. */
  readonly tests?: readonly NamedTests[];
  /**
   * Does it and says what came of it. Throwing fails the cell with the message; a `VoidRun` has it run again, twice at most.
   */
  run(lab: Lab, context: RowContext): Promise<Outcome>;
}

export interface RowContext {
  readonly wire: Wire;
  /** Whether there is time for the catalogue's full figures. */
  readonly isLong: boolean;
  /** Says how far the row is, beneath the table. */
  readonly note: (text: string) => void;
  /**
   * Of rows whose cells run side by side: resolves when every one of them has come so far, so that none starts processes while
   * another measures.
   */
  readonly ready: () => Promise<void>;
  /** Runs the row's `tests`, once for all rows: how many they are, once all have passed. Rejects where one is missing or fails. */
  readonly tested: () => Promise<number>;
}

/** What one cell, a row over a wire, came to. */
export interface Outcome {
  /** How many calls, or whatever the row counts, the figure rests on. */
  readonly n: number;
  /** What was found: `0 of 60,000 (95 %: < 0.005 %), p99 3.1 ms, 1.4× steady`. */
  readonly figure: string;
  readonly passed: boolean;
  /** What a reader should know beside it. */
  readonly notes?: string;
}

/** The run says nothing: the lab itself was too slow. */
export class VoidRun extends Error {
  override readonly name = 'VoidRun';
}
