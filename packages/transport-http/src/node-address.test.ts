import { expect, test } from 'vitest';
import { dialectOf } from './node-address.js';

test.each([
  [{}, 'plain'],
  [{ 'tenon-protocols': 'tenon/1,http' }, 'plain'],
  [{ 'tenon-protocols': 'tenon/1, http', protocol: 'mucp' }, 'plain'],
  [{ protocol: 'mucp' }, 'mucp'],
  [{ protocol: 'mucp', transport: 'http', broker: 'nats' }, 'mucp'],
  [{ protocol: 'mucp', 'tenon-protocols': 'tenon/1,mucp' }, 'mucp'],
  [{ protocol: 'mucp', transport: 'nats' }, undefined],
  [{ protocol: 'grpc', transport: 'grpc' }, undefined],
  [{ 'tenon-protocols': 'tenon/1' }, undefined],
  [{ zone: 'a' }, undefined],
])('a node that says %j is called in %s', (metadata, dialect) => {
  expect(dialectOf({ id: 'n', address: 'a:1', metadata: metadata as Record<string, string> })).toBe(dialect);
});
