import type { Clock, Logger, Selector } from '@tenon/contract';
import type { LocalConnection } from '../local/index.js';
import type { Telemetry } from '../telemetry/index.js';
import type { Breakers } from './breakers.js';
import type { ConnectionPool } from './connection-pool.js';
import type { Repetition } from './repetition.js';

/** What the attempts of all calls of a client share. */
export interface AttemptParts {
  readonly selector: Selector;
  readonly pool: ConnectionPool;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly repetition: Repetition;
  readonly connectPatienceMs: number;
  /** Absent where no breaker is wanted. */
  readonly breakers?: Breakers | undefined;
  /** Services of the same app, which are called without a wire; absent where they are treated as any other. */
  readonly local?: LocalConnection | undefined;
}

/** What somebody holds for as long as a call lasts. */
export interface Releasable {
  release(): void;
}
