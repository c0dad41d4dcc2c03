import type { Node } from '../../node.js';
import { ServiceError } from '../../service-error.js';
import type { ServiceRecord } from '../../service-record.js';
import { checkedNumber } from '../checked-number.js';
import { isRegistryName } from './record-json.js';

/** What is to be registered, once it has been checked. */
export interface CheckedRegistration {
  readonly node: Node;
  readonly ttlMs: number;
}

/**
 * Checks what a caller of `Registry.register` gave.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, where the record has not exactly one node, a name or an id is none, or
 * `ttlMs` is out of range.
 */
export function checkedRegistration(record: ServiceRecord, ttlMs: number): CheckedRegistration {
  const checked = checkedNumber('register.ttlMs', ttlMs, { min: 1_000, max: 24 * 3_600_000, fallback: 15_000 });
  const [node, ...others] = record.nodes;
  if (node === undefined || others.length > 0) {
    throw invalid(`a record to be registered has exactly one node; this one has ${record.nodes.length}`);
  }
  if (!isRegistryName(record.name) || !isRegistryName(node.id)) {
    throw invalid('the name of a service and the id of a node have 1 to 256 characters, no control characters');
  }
  return { node, ttlMs: checked };
}

function invalid(message: string): ServiceError {
  return new ServiceError('InvalidArgument', message, { executed: 'no' });
}
