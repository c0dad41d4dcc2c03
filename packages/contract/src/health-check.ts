/**
 * What a failed check means. `liveness`: the process is beyond mending and should be restarted. `readiness`: it should get no
 * calls for now; its nodes leave the registry until the check passes again. `information`: it is shown, and nothing follows.
 */
export type HealthScope = 'liveness' | 'readiness' | 'information';

/**
 * Something that must hold for a process to be well. Bind one with `provide(HealthCheck, …)`; they stand side by side.
 *
 * @example
 * provide(HealthCheck, [Database], (database): HealthCheck => ({
 *   name: 'database', scope: 'readiness', check: (signal) => database.ping({ signal }),
 * }));
 */
export abstract class HealthCheck {
  /** Checks are bound side by side; this property tells them apart. */
  static readonly keyedBy = 'name';

  /** Lower case, as it is shown: `database`. */
  abstract readonly name: string;
  abstract readonly scope: HealthScope;
  /**
   * Resolves or returns where all is well; rejects or throws where it is not. The message is shown to operators: no secrets.
   *
   * @param signal - aborted when the time for the check is over; it has then failed.
   */
  abstract check(signal: AbortSignal): Promise<void> | void;
}
