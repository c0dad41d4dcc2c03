import { ServiceError } from '@tenon/contract';
import type { Instance } from './instance.js';

/** What `GET /apps` and `GET /apps/delta` answer, as far as it can be read. */
export interface Applications {
  readonly instances: readonly Instance[];
  /** How many instances of each status the server has, after this delta: `DOWN_1_UP_20_`. */
  readonly hash: string;
}

/**
 * Reads a list of applications. A list of one may stand there as that one, a list of none as `null` or not at all.
 *
 * @throws ServiceError `Unavailable` where it is no such list.
 */
export function readApplications(value: unknown): Applications {
  const applications: { readonly apps__hashcode?: unknown; readonly application?: unknown } | null | undefined =
    Object(value).applications;
  if (typeof applications !== 'object' || applications === null) {
    throw new ServiceError('Unavailable', 'Eureka answers with no list of applications', { executed: 'no' });
  }
  return {
    instances: listOf(applications.application).flatMap(readApplication),
    hash: typeof applications.apps__hashcode === 'string' ? applications.apps__hashcode : '',
  };
}

/** Reads the instances of one application, or of the value of `GET /apps/APP`. */
export function readApplication(value: unknown): readonly Instance[] {
  const application: { readonly application?: unknown; readonly instance?: unknown } = Object(value);
  const inner: { readonly instance?: unknown } = Object(application.application ?? application);
  return listOf(inner.instance).filter((item): item is Instance => typeof item === 'object' && item !== null);
}

/** The same hash of what is known here: the number of instances of each status, by name. */
export function hashOf(instances: Iterable<Instance>): string {
  const counts = new Map<string, number>();
  for (const { status } of instances) counts.set(String(status), (counts.get(String(status)) ?? 0) + 1);
  return [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([status, count]) => `${status}_${count}_`)
    .join('');
}

function listOf(value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}
