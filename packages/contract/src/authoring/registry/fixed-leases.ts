import type { Lease } from '../../registry.js';
import { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import { checkedRegistration } from './checked-registration.js';
import { LeaseHandle } from './lease-handle.js';

/**
 * Which registrations a registry takes that cannot be written to. `listed`: of nodes whose service and address are listed
 * already, because only those will be found. `any`: of every node; somebody else sees to it that it is listed.
 */
export type FixedRegistrations = 'listed' | 'any';

/**
 * The registrations of a registry whose entries somebody else keeps, such as a list or a DNS zone: each only states that the
 * node is there, nothing is written, renewed or taken out, and none is ever lost.
 */
export class FixedLeases {
  readonly #where: string;
  readonly #accepts: FixedRegistrations;
  readonly #held = new Map<string, LeaseHandle>();

  /**
   * @param where - where nodes are listed, for the error: `staticRegistry`.
   * @param accepts - checked here, because options may come from plain JavaScript. Default `listed`.
   * @throws ServiceError `InvalidArgument` for a word that is none of the two.
   */
  constructor(where: string, accepts: FixedRegistrations = 'listed') {
    this.#where = where;
    if (accepts !== 'listed' && accepts !== 'any') {
      const what = `${where}.registrations is ${JSON.stringify(accepts)}; it must be "listed" or "any"`;
      throw new ServiceError('InvalidArgument', what, { executed: 'no' });
    }
    this.#accepts = accepts;
  }

  /**
   * Takes a registration, or rejects it: with `InvalidArgument` where it is none, with `FailedPrecondition` where nobody would
   * find it.
   *
   * @param listed - gives the records of its service. Only asked where it matters.
   */
  async register(
    record: ServiceRecord,
    ttlMs: number,
    listed: () => Promise<readonly ServiceRecord[]> | readonly ServiceRecord[],
  ): Promise<Lease> {
    const { node } = checkedRegistration(record, ttlMs);
    if (this.#accepts === 'listed') {
      const records = await listed();
      const isListed = records.some(({ nodes }) => nodes.some(({ address }) => isSame(address, node.address)));
      if (!isListed) throw this.#notListed(record.name, node.address);
    }
    const key = JSON.stringify([record.name, node.id]);
    const lease = new LeaseHandle(async () => {
      if (this.#held.get(key) === lease) this.#held.delete(key);
    });
    const earlier = this.#held.get(key);
    this.#held.set(key, lease);
    await earlier?.release();
    return lease;
  }

  /** Releases all. */
  async close(): Promise<void> {
    for (const lease of [...this.#held.values()]) await lease.release();
  }

  #notListed(service: string, address: string): ServiceError {
    const what = `${this.#where} cannot be written to, and has no node of "${service}" at ${address}`;
    const mend = `list it there, advertise an address that is listed, or say registrations: "any"`;
    return new ServiceError('FailedPrecondition', `${what}; ${mend}`, { executed: 'no', service });
  }
}

/** Names of hosts are the same in capitals. */
function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
