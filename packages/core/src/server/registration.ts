import type { Lease, Logger, Registry, ServiceRecord } from '@tenon/contract';

/** The registry entries of a server: all of them or none, and the log tells when one is lost or stands again. */
export class Registration {
  readonly #leases: Lease[] = [];

  constructor(
    private readonly registry: Registry,
    private readonly logger: Logger,
  ) {}

  /** Registers every record. Rejects with the first failure, after those that stood were released. */
  async add(records: readonly ServiceRecord[], ttlMs: number, signal: AbortSignal): Promise<void> {
    const settled = await Promise.allSettled(
      records.map((record) => this.registry.register(record, { ttlMs, signal })),
    );
    const failures: unknown[] = [];
    settled.forEach((result, index) => {
      if (result.status === 'rejected') failures.push(result.reason);
      else this.#keep(result.value, records[index] as ServiceRecord);
    });
    if (failures.length === 0) return;
    await this.release();
    throw failures[0];
  }

  /** Takes every entry out of the registry. What cannot be released now ends with its time to live. */
  async release(): Promise<void> {
    const leases = this.#leases.splice(0);
    const settled = await Promise.allSettled(leases.map((lease) => lease.release()));
    for (const result of settled) {
      if (result.status === 'rejected')
        this.logger.warn('a registry entry could not be released', { error: result.reason });
    }
  }

  #keep(lease: Lease, record: ServiceRecord): void {
    this.#leases.push(lease);
    const facts = { service: record.name, version: record.version, node: record.nodes[0]?.id };
    lease.onChange((state, reason) => {
      if (state === 'lost')
        this.logger.warn('the registry lost our entry; it is being registered again', { ...facts, error: reason });
      if (state === 'held') this.logger.info('the registry has our entry again', facts);
    });
  }
}
