import { type EndpointKind, noMetadata, ServiceError, type ServiceRecord } from '@tenon/contract';
import { protoFileOf } from '@tenon/protobuf';
import { expect, test } from 'vitest';
import { Paths, protobufPackage } from './paths.js';

/** A handler that serves `Greeter.Hello` under some names. */
function pathsOf(...services: readonly string[]): Paths {
  const serves = (service: string): boolean => services.includes(service);
  return new Paths({
    handle: () => ({ cancel: () => {} }),
    refusal: (service) => (serves(service) ? undefined : new ServiceError('Unimplemented', 'no', { executed: 'no' })),
    kindOf: (service, endpoint): EndpointKind | undefined => {
      const known = serves(service) || (service === '' && services.length === 1);
      return known && endpoint === 'Greeter.Hello' ? 'unary' : undefined;
    },
    services: () =>
      services.map(
        (name): ServiceRecord => ({ name, version: '1.0.0', metadata: noMetadata, endpoints: [], nodes: [] }),
      ),
  });
}

test.each([
  ['/greeter.Greeter/Hello', undefined, 'greeter', 'unary'],
  ['/go.micro.greeter.Greeter/Hello', undefined, '', 'unary'],
  ['/Greeter/Hello', undefined, '', 'unary'],
  ['/greeter.Greeter/Nope', undefined, 'greeter', undefined],
  ['/elsewhere.Greeter/Hello', 'elsewhere-1', 'elsewhere', undefined],
  ['/greeter.Greeter/Hello', 'greeter-1', 'greeter', 'unary'],
])('%s, meant for node %s, is of service "%s": %s', (path, node, service, kind) => {
  const paths = pathsOf('greeter');
  for (let turn = 0; turn < 2; turn += 1) expect(paths.find(path, node)).toMatchObject({ service, kind });
});

test('where two services have an endpoint of one name, a package that is neither does not choose', () => {
  const paths = pathsOf('greeter', 'other-greeter');
  expect(paths.find('/elsewhere.Greeter/Hello', undefined)).toMatchObject({ service: 'elsewhere', kind: undefined });
  expect(paths.find('/other_greeter.Greeter/Hello', undefined)).toMatchObject({
    service: 'other-greeter',
    kind: 'unary',
  });
});

test.each(['greeter', 'go.micro.greeter', 'user-profile', 'a b', '1st.2nd', 'a..b', '.a'])(
  'the package of %s is the one in its .proto',
  (name) => {
    expect(protobufPackage(name)).toBe(protoFileOf(name, []).descriptor.package);
  },
);
