/** Values that no registry should hold, by what is wrong with each; and records of a service that are right but very many. */
export function garbageOf(service: string, nodeId: string): ReadonlyMap<string, string> {
  const node = { id: nodeId, address: '127.0.0.1:1', metadata: {} };
  const record = { name: service, version: '1', metadata: {}, endpoints: [], nodes: [node] };
  const nested = '{"name":"a","type":"a","values":['.repeat(4_000) + ']}'.repeat(4_000);
  const json = (value: unknown): string => JSON.stringify(value);
  const raw = (text: string): string => json(record).replace('"metadata":{}', text);
  return new Map([
    ['1 MiB', json({ ...record, metadata: { text: 'x'.repeat(1_024 * 1_024) } })],
    ['no JSON', '{"name":'],
    ['nothing', ''],
    ['a number', '7'],
    ['a list', '[]'],
    ['null', 'null'],
    ['bytes', '\u0000\uffff\u0001'],
    ['no name', json({ ...record, name: 5 })],
    ['no nodes', json({ ...record, nodes: {} })],
    ['two nodes', json({ ...record, nodes: [node, node] })],
    ['no address', json({ ...record, nodes: [{ ...node, address: null }] })],
    ['an address of objects', json({ ...record, nodes: [{ ...node, address: { host: '127.0.0.1' } }] })],
    ['endpoints that are text', json({ ...record, endpoints: 'all' })],
    ['metadata of numbers', json({ ...record, metadata: { zone: 1 } })],
    ['__proto__ of metadata', raw('"metadata":{"__proto__":{"polluted":"yes"}}')],
    ['__proto__ of the record', raw('"__proto__":{"polluted":"yes"},"metadata":[]')],
    ['constructor', raw('"metadata":{"constructor":{"prototype":{"polluted":"yes"}}}')],
    [
      'too deep',
      json({ ...record, endpoints: [{ name: 'a', request: 0 }] }).replace('"request":0', `"request":${nested}`),
    ],
  ]);
}

/** So many nodes with so many endpoints each, all well-formed. */
export function crowdOf(service: string, nodes: number, endpoints: number): ReadonlyMap<string, string> {
  const described = Array.from({ length: endpoints }, (_, index) => ({
    request: { name: 'Ask', type: 'Ask', values: [] },
    response: { name: 'Reply', type: 'Reply', values: [] },
    metadata: {},
    name: `Crowd.Endpoint${index}`,
  }));
  return new Map(
    Array.from({ length: nodes }, (_, index) => {
      const node = { metadata: { 'tenon-protocols': 'tenon/1' }, id: `${service}-${index}`, address: '10.0.0.1:1' };
      return [
        node.id,
        JSON.stringify({ name: service, version: '1', metadata: null, endpoints: described, nodes: [node] }),
      ];
    }),
  );
}
