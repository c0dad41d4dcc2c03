import type { Broker } from '@tenon/contract';
import type { Fixture, FixtureFactory } from '../suite.js';

/** What the broker suite works on: a back end without messages, and clients of it. */
export interface BrokerFixture extends Fixture {
  /** A started client. */
  readonly broker: Broker;
  /** A second, third, … started client of the same back end, as another process would have it. Closed by `dispose`. */
  readonly another: () => Promise<Broker>;
  /**
   * Ends a client as a killed process ends: nothing is told, nothing is settled any more. Without it the case that needs it fails
   * where the broker has delivery at least once.
   */
  readonly crash?: ((broker: Broker) => Promise<void>) | undefined;
  /** Loss of the back end. Without it the cases that need it fail: list them in `knownFailing` with the reason. */
  readonly faults?: BrokerFaults | undefined;
}

/** Takes the back end away from every client of the fixture, and gives it back. */
export interface BrokerFaults {
  /** Resolves when no client reaches the back end and each client has noticed. */
  cut(): Promise<void>;
  /** Clients can reach it again. They find that out by themselves. */
  heal(): Promise<void>;
}

export type BrokerFixtureFactory = FixtureFactory<BrokerFixture>;
