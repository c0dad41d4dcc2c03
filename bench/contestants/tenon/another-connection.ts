import {
  type App,
  Clock,
  canonicalEndpoint,
  type EndpointDescriptor,
  noMetadata,
  type ServiceRecord,
  type Transport,
} from 'tenon';
import type { Small } from '../../workload/payloads.js';
import type { Connected } from '../contestant.js';

/**
 * One more connection of a client's transport to the same node. An app keeps one a node and shares it, so this asks the
 * transport itself, as the client does when it dials.
 */
export async function anotherConnection(
  app: App,
  transport: Transport,
  records: readonly ServiceRecord[],
): Promise<Pick<Connected, 'small' | 'close'>> {
  const node = records[0]?.nodes[0];
  if (node === undefined) throw new Error('the server registered no node');
  const connection = await transport.dial(node, { service: 'echo' });
  const clock = app.get(Clock);
  return {
    small: async (value) => {
      const deadline = clock.now() + 20_000;
      const { value: answer } = await connection.unary({ endpoint, value, metadata: noMetadata, deadline });
      return answer as Small;
    },
    close: () => connection.close(),
  };
}

const endpoint: EndpointDescriptor = Object.freeze({
  service: 'echo',
  name: canonicalEndpoint('Echo', 'small'),
  kind: 'unary',
  idempotent: true,
});
