import type { InboxStore } from '@tenon/contract';
import type { Fixture, FixtureFactory } from '../suite.js';

/** What the suite of inbox stores works on: an empty back end, and clients of it. */
export interface InboxFixture extends Fixture {
  /** A started client. */
  readonly store: InboxStore;
  /** A second, third, … started client of the same back end, as another process would have it. Closed by `dispose`. */
  readonly another: () => Promise<InboxStore>;
  /** Loss of the back end. Without it the cases that need it fail: list them in `knownFailing` with the reason. */
  readonly faults?: InboxFaults | undefined;
}

/** Takes the back end away from every client of the fixture, and gives it back with what it had. */
export interface InboxFaults {
  /** Resolves when no client reaches the back end. */
  cut(): Promise<void>;
  /** Clients can reach it again. They find that out by themselves. */
  heal(): Promise<void>;
}

export type InboxFixtureFactory = FixtureFactory<InboxFixture>;
