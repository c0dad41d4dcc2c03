import { expect, test } from 'vitest';
import { appOf, instanceIdOf, instanceOf, isUp, recordOf } from './instance.js';

const record = {
  name: 'greeter',
  version: '1.0.0',
  metadata: { team: 'a' },
  endpoints: [{ name: 'Greeter.Hello', request: null, response: null, metadata: { stream: 'true' } }],
  nodes: [{ id: 'greeter-1', address: '10.0.0.1:80', metadata: { 'tenon-protocols': 'tenon/1', κλειδί: '值' } }],
} as const;

test('an instance is what Spring’s clients read, with the whole record in its metadata', () => {
  expect(instanceOf(record, record.nodes[0], 15_000, 'eu-1a')).toMatchObject({
    instanceId: 'greeter-1',
    app: 'GREETER',
    hostName: '10.0.0.1',
    ipAddr: '10.0.0.1',
    vipAddress: 'greeter',
    status: 'UP',
    port: { $: 80, '@enabled': 'true' },
    leaseInfo: { renewalIntervalInSecs: 5, durationInSecs: 15 },
    metadata: {
      service: 'greeter',
      version: '1.0.0',
      instanceId: 'greeter-1',
      zone: 'eu-1a',
      metadata: expect.any(String),
    },
  });
});

test.each(['10.0.0.1:80', '[::1]:80', 'unix', 'a:b:c'])(
  'the record comes back whole, with the address %s',
  (address) => {
    const nodes = [{ ...record.nodes[0], address }] as const;
    const found = recordOf(instanceOf({ ...record, nodes }, nodes[0], 15_000, 'a'));
    expect(JSON.parse(JSON.stringify(found))).toEqual({ ...record, nodes });
  },
);

test('names become ids that a path can carry, and capitals do not make two services one', () => {
  expect([appOf('greeter/v2'), appOf('grüße 茶')]).toEqual(['GREETER~2FV2', 'GR~C3BC~C39FE~20~E88CB6']);
  expect(appOf('Greeter')).toBe(appOf('greeter'));
  expect([instanceIdOf('Greeter', 'n1'), instanceIdOf('greeter', 'n1')]).toEqual(['Greeter:n1', 'greeter:n1']);
  expect(instanceIdOf('greeter', 'greeter-/;%1')).toBe('greeter-~2f~3b~251');
});

test('an instance of Spring is read by its vipAddress, with its metadata as that of the node', () => {
  const spring = {
    instanceId: 'host:orders:8080',
    app: 'ORDERS',
    hostName: 'host',
    ipAddr: '10.0.0.3',
    vipAddress: 'orders',
    status: 'UP',
    port: { $: 8_080, '@enabled': 'true' },
    metadata: { '@class': 'java.util.Collections$EmptyMap', 'management.port': '8081' },
  };
  expect(JSON.parse(JSON.stringify(recordOf(spring)))).toEqual({
    name: 'orders',
    version: '',
    metadata: {},
    endpoints: [],
    nodes: [{ id: 'host:orders:8080', address: '10.0.0.3:8080', metadata: { 'management.port': '8081' } }],
  });
});

test('an instance of go-micro’s plugin is read too', () => {
  const found = recordOf({
    instanceId: '10.0.0.4:9090:greeter-7',
    app: 'GREETER',
    hostName: '10.0.0.4:9090',
    ipAddr: '10.0.0.4:9090',
    vipAddress: '10.0.0.4:9090',
    port: 9_090,
    metadata: { version: 'latest', instanceId: 'greeter-7', endpoints: '[]', metadata: '{"protocol":"mucp"}' },
  });
  expect(found).toMatchObject({
    name: 'greeter',
    version: 'latest',
    nodes: [{ id: 'greeter-7', address: '10.0.0.4:9090' }],
  });
});

test('what an operator says goes before what the instance says', () => {
  expect(isUp({ status: 'UP' })).toBe(true);
  expect(isUp({ status: 'UP', overriddenstatus: 'UNKNOWN' })).toBe(true);
  for (const status of ['OUT_OF_SERVICE', 'DOWN', 'STARTING', 'UNKNOWN', 'up', undefined, null, 7]) {
    expect(isUp({ status })).toBe(false);
  }
  expect(isUp({ status: 'UP', overriddenstatus: 'OUT_OF_SERVICE' })).toBe(false);
  expect(isUp({ status: 'UP', overriddenStatus: 'OUT_OF_SERVICE' })).toBe(false);
});
