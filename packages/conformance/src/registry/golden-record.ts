import type { ServiceRecord } from '@tenon/contract';

/** The record of one node of a service `greeter` as go-micro writes it into registries that keep JSON, captured from it. */
export const goldenValue =
  '{"name":"greeter","version":"latest","metadata":null,"endpoints":[{"request":{"name":"Req","type":"Req","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Rsp","type":"Rsp","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Greeter.Hello"}],"nodes":[{"metadata":{"broker":"http","protocol":"mucp","registry":"etcd","server":"mucp","transport":"http"},"id":"greeter-7f1c","address":"10.0.0.5:9090"}]}';

/** The same as a record of ours, with the metadata of the node in another order. */
export const goldenRecord: ServiceRecord = {
  name: 'greeter',
  version: 'latest',
  metadata: {},
  endpoints: [
    {
      name: 'Greeter.Hello',
      request: { name: 'Req', type: 'Req', values: [{ name: 'name', type: 'string', values: null }] },
      response: { name: 'Rsp', type: 'Rsp', values: [{ name: 'msg', type: 'string', values: null }] },
      metadata: {},
    },
  ],
  nodes: [
    {
      id: 'greeter-7f1c',
      address: '10.0.0.5:9090',
      metadata: { transport: 'http', server: 'mucp', registry: 'etcd', protocol: 'mucp', broker: 'http' },
    },
  ],
};
