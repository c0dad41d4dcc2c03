import { type Provider, provide, Registry } from '@tenon/contract';
import { FixedLeases, type FixedRegistrations } from '@tenon/contract/authoring';
import { recordsOf, type StaticFleet } from './static-fleet.js';
import { StaticRegistry } from './static-registry.js';

/** All fields are optional. */
export interface StaticRegistryOptions {
  /**
   * What nodes speak whose own metadata does not say it, best first. Default `['tenon/1', 'http']`, what a Tenon server offers by
   * default.
   */
  readonly protocols?: readonly string[] | undefined;
  /**
   * Which of this application's own services may start. `listed`: those whose address (`advertise`) is in the list. `any`: all;
   * calls find them only where somebody lists them. Default `listed`.
   */
  readonly registrations?: FixedRegistrations | undefined;
}

/**
 * A registry that is a list: for a fleet whose nodes never change while it runs, and for development. Nothing is written,
 * watched or looked up anywhere.
 *
 * @throws ServiceError `InvalidArgument` for a malformed entry, by service and place.
 *
 * @example
 * modules: [staticRegistry({ greeter: ['10.0.0.5:8080', '10.0.0.6:8080'], mailer: [{ address: 'mail-1:9000', version: '2.0.0' }] })]
 */
export function staticRegistry(fleet: StaticFleet, options: StaticRegistryOptions = {}): Provider<Registry> {
  const { protocols = ['tenon/1', 'http'], registrations } = options;
  const records = recordsOf(fleet, protocols);
  // Checks the option now, not when the application starts.
  const newLeases = () => new FixedLeases('staticRegistry', registrations);
  newLeases();
  return provide(Registry, [], () => new StaticRegistry(records, newLeases()));
}
