import type { Registry } from '@tenon/contract';
import type { Fixture, FixtureFactory } from '../suite.js';

/** What the registry suite works on: an empty back end of its own (or an empty corner of one), and clients of it. */
export interface RegistryFixture extends Fixture {
  /** A started client. */
  readonly registry: Registry;
  /** A second, third, … started client of the same back end, as another process would have it. Closed by `dispose`. */
  readonly another: () => Promise<Registry>;
  /** The smallest time to live that the back end honours, in milliseconds. */
  readonly minTtlMs: number;
  /** Makes one client vanish as a killed process does: nothing is released, and no renewal leaves it any more. */
  readonly crash: (registry: Registry) => Promise<void>;
  /** Loss of the back end. Without it the cases that need it fail: list them in `knownFailing` with the reason. */
  readonly faults?: RegistryFaults | undefined;
}

/** Takes the back end away from every client of the fixture, and gives it back. */
export interface RegistryFaults {
  /** From now on no client reaches the back end; entries go on ageing there. */
  cut(): Promise<void>;
  /** Clients can reach it again. They find that out by themselves. */
  heal(): Promise<void>;
}

export type RegistryFixtureFactory = FixtureFactory<RegistryFixture>;
