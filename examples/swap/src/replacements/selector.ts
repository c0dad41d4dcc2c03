import { type Candidate, provide, Registry, Selector, ServiceError } from 'tenon';
import type { Replacement } from '../replacement.js';

/** A selector without a cache: it looks the service up for every call and takes the first node. */
export const selector: Replacement = (seen) =>
  provide(Selector, [Registry], (registry) => ({
    async select(service): Promise<Candidate> {
      const [record] = await registry.lookup(service);
      const node = record?.nodes[0];
      if (record === undefined || node === undefined)
        throw new ServiceError('Unavailable', `nobody offers ${service}`, { executed: 'no' });
      seen.push(`select ${service}`);
      return { node, record };
    },
    report(service, _candidate, { error }) {
      seen.push(`report ${service}: ${error === undefined ? 'ok' : error.code}`);
    },
    close: async () => {},
  }));
