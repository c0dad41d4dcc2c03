import type { SrvRecord } from 'node:dns';
import { type Metadata, nodeMetadata, type ServiceRecord } from '@tenon/contract';
import { isDnsName } from './srv-name.js';

/** What DNS does not tell of a service. */
export interface Described {
  readonly service: string;
  readonly version: string;
  readonly protocols: readonly string[];
}

/**
 * The records of a service by its SRV records: one node for each target and port, of the lowest priority only, as RFC 2782 wants
 * it. Weights are passed on as the label `srv-weight`. A single target `.` says that there is no such service.
 *
 * @param skip - hears of each record that cannot be used.
 */
export function recordsOf(
  answer: readonly SrvRecord[],
  { service, version, protocols }: Described,
  skip: (entry: string, reason: Error) => void,
): readonly ServiceRecord[] {
  const usable = answer.filter(({ name, port }) => {
    if (name === '' || name === '.') return false;
    if (isDnsName(name) && port >= 1 && port <= 65_535) return true;
    skip(`${name}:${port}`, new Error(`an SRV record of "${service}" leads to ${JSON.stringify(name)}, port ${port}`));
    return false;
  });
  if (usable.length === 0) return nothing;
  const best = usable.reduce((least, { priority }) => Math.min(least, priority), Number.POSITIVE_INFINITY);
  const weights = new Map<string, number>();
  for (const { name, port, priority, weight } of usable)
    if (priority === best) weights.set(`${name.toLowerCase().replace(/\.$/, '')}:${port}`, weight);
  const nodes = [...weights]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([address, weight]) => {
      const metadata: Metadata = Object.freeze({
        [nodeMetadata.protocols]: protocols.join(','),
        'srv-weight': String(weight),
      });
      return Object.freeze({ id: address, address, metadata });
    });
  const endpoints = Object.freeze([]);
  const record = { name: service, version, metadata: Object.freeze({}), endpoints, nodes: Object.freeze(nodes) };
  return Object.freeze([Object.freeze(record)]);
}

const nothing: readonly ServiceRecord[] = Object.freeze([]);
