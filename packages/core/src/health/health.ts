import {
  all,
  Broker,
  type CancelTimer,
  Clock,
  HealthCheck,
  Logger,
  Meter,
  optional,
  type Provider,
  provide,
  Registry,
  ServiceError,
} from '@tenon/contract';
import { silentLogger, silentMeter } from '@tenon/contract/authoring';
import { telemetryOf } from '../telemetry/index.js';
import { EventLoopLag } from './event-loop-lag.js';
import { type HealthOptions, type ResolvedHealthOptions, resolveHealthOptions } from './health-options.js';
import { type CheckReport, type HealthReport, reportOf } from './health-report.js';
import { KeptCheck } from './kept-check.js';
import { SettledReadiness } from './settled-readiness.js';

/** Who enters the registry while the process is ready, and leaves it while it is not. */
export interface ReadinessFollower {
  /** Registers for the first time. Rejects where that fails, having undone it. */
  enter(signal: AbortSignal): Promise<void>;
  /** Called on each change after that. */
  follow(ready: boolean): void;
}

/**
 * Whether this process is well: runs the bound checks and those that every process has (`registry`, `broker`, `event-loop`,
 * `drain`), keeps their newest results, and has the server's nodes leave the registry while the process is not ready.
 *
 * A bound check of the same name takes the place of `registry`, `broker` or `event-loop`.
 */
export class Health {
  readonly #options: ResolvedHealthOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #lag: EventLoopLag;
  readonly #bound: readonly KeptCheck[];
  /** They cost nothing, so their results are never kept. */
  readonly #builtIn: readonly KeptCheck[];
  readonly #drain: KeptCheck;
  readonly #readiness: SettledReadiness;
  #follower: ReadinessFollower | undefined;
  #entered = false;
  #leaving = false;
  #saidNotReady = false;
  #cancelRun: CancelTimer | undefined;
  #state: 'new' | 'running' | 'ended' = 'new';

  constructor(
    checks: readonly HealthCheck[],
    registry: Registry | undefined,
    broker: Broker | undefined,
    surroundings: { readonly clock: Clock; readonly logger: Logger; readonly meter: Meter | undefined },
    options: ResolvedHealthOptions,
  ) {
    const { clock, logger, meter = silentMeter() } = surroundings;
    const { health: gauge, eventLoopLag } = telemetryOf(meter);
    this.#options = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#lag = new EventLoopLag(clock, eventLoopLag, options.maxLagMs);
    const parts = { clock, logger, gauge, timeoutMs: options.checkTimeoutMs };
    const kept = (check: HealthCheck): KeptCheck => new KeptCheck(check, parts);
    const builtIn = [
      ...(registry === undefined ? [] : [usable('registry', options.registry, registry)]),
      ...(broker === undefined ? [] : [usable('broker', options.broker, broker)]),
      this.#lag,
    ].filter(({ name }) => checks.every((bound) => bound.name !== name));
    const drain: HealthCheck = { name: 'drain', scope: 'readiness', check: () => this.#assertStays() };
    this.#bound = checks.filter(({ name }) => name !== drain.name).map(kept);
    // Who drains says so itself.
    this.#drain = new KeptCheck(drain, { ...parts, logger: silentLogger() });
    this.#builtIn = [...builtIn.map(kept), this.#drain];
    this.#readiness = new SettledReadiness(clock, options, {
      onDue: () => void this.#look(),
      onSettled: (ready) => this.#settled(ready),
    });
  }

  /** The newest results, none older than `intervalMs`. Never rejects. */
  async report(): Promise<HealthReport> {
    return reportOf(await this.#results());
  }

  /** The server's part: from here on checks run by themselves. */
  begin(follower: ReadinessFollower): void {
    if (this.#state !== 'new') return;
    this.#state = 'running';
    this.#follower = follower;
    this.#lag.start(() => void this.#look());
    this.#runLater();
  }

  /**
   * Has the server enter the registry, once every check of scope `liveness` and `readiness` passes.
   *
   * @throws ServiceError `Unavailable`, `executed: 'no'`, that names those which do not; call it again. And what entering
   * throws.
   */
  async enter(signal: AbortSignal): Promise<void> {
    if (this.#follower === undefined) return;
    const { ready, checks } = await this.report();
    if (!ready) throw this.#notReady(checks);
    await this.#follower.enter(signal);
    this.#entered = true;
  }

  /** Not ready from here on, at once and for good. */
  leave(): void {
    this.#leaving = true;
    this.#readiness.stop();
    void this.#drain.result(0);
  }

  /** Nothing runs by itself any more. */
  end(): void {
    this.#state = 'ended';
    this.#lag.stop();
    this.#cancelRun?.();
    this.leave();
  }

  async #results(): Promise<readonly CheckReport[]> {
    const bound = await Promise.all(this.#bound.map((check) => check.result(this.#options.intervalMs)));
    const builtIn = await Promise.all(this.#builtIn.map((check) => check.result(0)));
    return [...bound, ...builtIn];
  }

  async #look(): Promise<void> {
    const { ready } = await this.report();
    if (this.#entered && !this.#leaving && this.#state === 'running') this.#readiness.see(ready);
  }

  #runLater(): void {
    this.#cancelRun = this.#clock.after(this.#options.intervalMs, () => {
      if (this.#state !== 'running') return;
      this.#runLater();
      void this.#look();
    });
  }

  #settled(ready: boolean): void {
    if (ready) this.#logger.info('ready again: the node returns to the registry');
    else this.#logger.warn('not ready: the node leaves the registry until its health checks pass');
    this.#follower?.follow(ready);
  }

  #notReady(checks: readonly CheckReport[]): ServiceError {
    const failing = checks.filter(({ scope, status }) => status === 'down' && scope !== 'information');
    if (!this.#saidNotReady) {
      this.#saidNotReady = true;
      this.#logger.warn('not ready yet: the node is registered once its health checks pass', {
        checks: failing.map(({ name }) => name),
      });
    }
    const reasons = failing.map(({ name, error }) => `${name}: ${error}`).join('; ');
    return new ServiceError('Unavailable', `not ready (${reasons})`, { executed: 'no' });
  }

  #assertStays(): void {
    if (this.#leaving) throw new ServiceError('Unavailable', 'the node is leaving', { executed: 'no' });
  }
}

/** The health of an app's process, shared by the app and its server. */
export function processHealth(options: HealthOptions = {}): Provider<Health> {
  const resolved = resolveHealthOptions(options);
  return provide(
    Health,
    [all(HealthCheck), optional(Registry), optional(Broker), Clock, Logger, optional(Meter)],
    (checks, registry, broker, clock, logger, meter) =>
      new Health(checks, registry, broker, { clock, logger, meter }, resolved),
  );
}

/** Passes while a back end says that it can be used. */
function usable(
  name: string,
  scope: HealthCheck['scope'],
  backEnd: { readonly trouble?: ServiceError | undefined },
): HealthCheck {
  return {
    name,
    scope,
    check: () => {
      if (backEnd.trouble !== undefined) throw backEnd.trouble;
    },
  };
}
