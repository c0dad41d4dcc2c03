import type { ServiceRecord } from '@tenon/contract';

/** What a node of a service with two endpoints registers: about a kilobyte of JSON. */
export function recordOf(name: string, id: string): ServiceRecord {
  const schema = JSON.stringify({ type: 'object', properties: { name: { type: 'string' } }, required: ['name'] });
  return {
    name,
    version: '1.0.0',
    metadata: {},
    endpoints: ['Greeter.Hello', 'Greeter.Count'].map((endpoint) => ({
      name: endpoint,
      request: { name: 'HelloRequest', type: 'HelloRequest', values: [{ name: 'name', type: 'string', values: null }] },
      response: {
        name: 'HelloReply',
        type: 'HelloReply',
        values: [{ name: 'greeting', type: 'string', values: null }],
      },
      metadata: { 'request-schema': schema },
    })),
    nodes: [
      {
        id,
        address: `10.0.0.1:${1_024 + (Number(id.replaceAll(/\D/g, '') || 0) % 60_000)}`,
        metadata: { protocol: 'mucp', 'tenon-protocols': 'tenon/1,http', 'tenon-instance': id.slice(-12) },
      },
    ],
  };
}
