import { expect, test } from 'vitest';
import { isAlive, recordOf, registrationOf, serviceIdOf } from './instance.js';

const node = {
  id: 'greeter-1',
  address: '[::1]:9090',
  metadata: { protocol: 'mucp', 'not allowed': 'x', long: 'y'.repeat(513) },
};
const record = { name: 'greeter', version: '1.0.0', metadata: {}, endpoints: [], nodes: [node] };

test('a node is registered as go-micro does, with what Consul takes of its metadata', () => {
  const { Tags: _tags, ...rest } = registrationOf(record, node, 90_000);
  expect(rest).toEqual({
    ID: 'greeter-1',
    Name: 'greeter',
    Address: '::1',
    Port: 9_090,
    Meta: { protocol: 'mucp' },
    Check: { TTL: '1m30s', DeregisterCriticalServiceAfter: '1m35s', Status: 'passing' },
  });
  expect(registrationOf(record, node, 1_000).Check.DeregisterCriticalServiceAfter).toBe('1m5s');
});

test.each(['10.0.0.1:80', '[::1]:80', 'unix', 'a:b:c', '10.0.0.1:0'])('the address %s comes back', (address) => {
  const nodes = [{ ...node, id: 'n1', address }] as const;
  const { ID, Name, Address, Port, Tags } = registrationOf({ ...record, nodes }, nodes[0], 15_000);
  const found = recordOf({ Service: { ID, Service: Name, Address, Port, Tags } });
  expect(found.nodes).toEqual(nodes);
});

test('ids of the same node in two services differ at the agent', () => {
  expect([serviceIdOf('greeter', 'n1'), serviceIdOf('mailer', 'n1')]).toEqual(['greeter:n1', 'mailer:n1']);
  expect(serviceIdOf('greeter', 'greeter-7f1c')).toBe('greeter-7f1c');
});

test('an instance of somebody else is a node of no version, at its machine where it has no address of its own', () => {
  const found = recordOf({
    Node: { Node: 'm1', Address: '10.0.0.7' },
    Service: { ID: 'web-1', Service: 'web', Address: '', Port: 80, Tags: null },
  });
  expect(found).toMatchObject({ name: 'web', version: '', nodes: [{ id: 'web-1', address: '10.0.0.7:80' }] });
});

test('one critical check, of the machine too, is enough to leave it out', () => {
  expect(isAlive({ Checks: null })).toBe(true);
  expect(isAlive({ Checks: [{ Status: 'passing' }, { Status: 'warning' }, null] })).toBe(true);
  expect(isAlive({ Checks: [{ Status: 'passing' }, { Status: 'critical' }] })).toBe(false);
});
