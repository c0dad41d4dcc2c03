import type { Selector, ServiceRecord } from '@tenon/contract';
import type { Fixture } from '../suite.js';

/**
 * A selector under test, over a registry that the suite feeds.
 *
 * Fixtures with a clock that is moved by hand run the suite in no time; with a real one it takes as long as it says.
 */
export interface SelectorFixture extends Fixture {
  readonly selector: Selector;
  /**
   * What its strategy promises: `round-robin` equal shares, `random` that every node is used, `p2c` that slow, busy and
   * failing nodes get less. `other` promises no more than a node of the set.
   */
  readonly strategy: 'round-robin' | 'random' | 'p2c' | 'other';
  /** Replaces a service's records in the registry, for the first time or again. The selector may see it a little later. */
  setNodes(service: string, records: readonly ServiceRecord[]): Promise<void> | void;
  /** The registry cannot be reached any more: watches yield an error, lookups reject. */
  loseRegistry(): Promise<void> | void;
  /** Lets so much time pass on the selector's clock, in milliseconds. */
  passTime(ms: number): Promise<void> | void;
}
