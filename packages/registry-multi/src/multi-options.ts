import { isProvider, type Provider, type Registry, ServiceError } from '@tenon/contract';
import { checkedNumber } from '@tenon/contract/authoring';

/** Which registries a process reads, and into which it writes. */
export interface MultiOptions {
  /** Where services are looked up and watched, at least one. Where two tell of the same node, the earlier one is believed. */
  readonly read: readonly Provider<Registry>[];
  /** Where this process registers its services, at least one. A registry that also stands in `read` is made once. */
  readonly write: readonly Provider<Registry>[];
  /**
   * How long a lookup, a registration, a release and the first set of a watch wait for the other registries, once one has answered, in
   * milliseconds, 0 to 60,000. Default 2,000: longer than a registry takes that is there, shorter than any deadline of a call.
   */
  readonly patienceMs?: number | undefined;
}

/** {@link MultiOptions} with every default filled in. */
export interface ResolvedMultiOptions {
  /** Every registry once, in the order in which it is first named. */
  readonly parts: readonly MultiPart[];
  readonly patienceMs: number;
}

/** One registry and what it is there for. */
export interface MultiPart {
  readonly provider: Provider<Registry>;
  readonly isRead: boolean;
  readonly isWritten: boolean;
}

/** Checks and copies. Throws `InvalidArgument` that names the option. */
export function resolveMultiOptions({ read, write, patienceMs }: MultiOptions): ResolvedMultiOptions {
  checkProviders('read', read);
  checkProviders('write', write);
  const parts = [...new Set([...read, ...write])].map((provider) =>
    Object.freeze({ provider, isRead: read.includes(provider), isWritten: write.includes(provider) }),
  );
  return Object.freeze({
    parts: Object.freeze(parts),
    patienceMs: checkedNumber('multiRegistry.patienceMs', patienceMs, { min: 0, max: 60_000, fallback: 2_000 }),
  });
}

function checkProviders(option: 'read' | 'write', providers: readonly Provider<Registry>[]): void {
  if (!Array.isArray(providers) || providers.length === 0) throw invalid(option, 'is empty; it must name a registry');
  if (!providers.every(isProvider)) throw invalid(option, 'holds something that is no provider: call its factory');
  if (new Set(providers).size < providers.length) throw invalid(option, 'holds the same registry twice');
}

function invalid(option: string, what: string): ServiceError {
  return new ServiceError('InvalidArgument', `multiRegistry.${option} ${what}`, { executed: 'no' });
}
