import { type EndpointDescriptor, noMetadata, type ServedEndpoint } from '@tenon/contract';
import type { Health } from './health.js';
import { withoutErrors } from './health-report.js';

/**
 * The endpoints that every service has beside its own: `Health.Check`, and `Debug.Health` as go-micro's tools call it. They
 * stand in no registry record, and a service that has an endpoint of such a name keeps its own.
 */
export function healthEndpoints(service: string, health: Health): readonly ServedEndpoint[] {
  const check = async (): Promise<unknown> => withoutErrors(await health.report());
  const debug = async (): Promise<unknown> => ({ status: (await health.report()).ready ? 'ok' : 'down' });
  return [served(service, 'Health.Check', check), served(service, 'Debug.Health', debug)];
}

function served(service: string, name: string, handle: () => Promise<unknown>): ServedEndpoint {
  const descriptor: EndpointDescriptor = {
    service,
    name,
    kind: 'unary',
    idempotent: true,
    policy: Object.freeze({ priority: 'critical' }),
  };
  return { descriptor, handle, interceptors: [], metadata: noMetadata };
}
