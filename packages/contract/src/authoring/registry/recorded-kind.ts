import type { EndpointKind } from '../../endpoint.js';
import type { EndpointRecord } from '../../service-record.js';

/** Who streams at an endpoint, as its record tells it. go-micro only says that somebody does; a server stream is the most common. */
export function recordedKind({ metadata }: EndpointRecord): EndpointKind {
  const said = metadata['stream-kind'];
  if (said === 'server' || said === 'client' || said === 'bidi') return said;
  return metadata['stream'] === 'true' ? 'server' : 'unary';
}
