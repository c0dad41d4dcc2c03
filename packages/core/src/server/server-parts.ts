import type {
  Broker,
  Clock,
  Codec,
  HttpResource,
  Interceptor,
  Logger,
  Registry,
  Tls,
  Transport,
  Validator,
} from '@tenon/contract';
import type { Health } from '../health/health.js';
import type { LocalServices } from '../local/index.js';
import type { Telemetry } from '../telemetry/index.js';
import type { DrainPlan } from './drain-plan.js';

/** What the default server works with: everything that is bound for it. */
export interface ServerParts {
  readonly transports: readonly Transport[];
  readonly registry: Registry;
  readonly broker: Broker | undefined;
  readonly codecs: readonly Codec[];
  readonly validator: Validator | undefined;
  readonly interceptors: readonly Interceptor[];
  readonly resources: readonly HttpResource[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly local: LocalServices | undefined;
  readonly tls: Tls | undefined;
  readonly telemetry: Telemetry;
  readonly health: Health | undefined;
  readonly plan: DrainPlan | undefined;
}
