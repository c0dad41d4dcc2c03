import type { Candidate } from '@tenon/contract';
import { expect, test } from 'vitest';
import { byEndpoint, byLabels, byVersion } from './filters.js';

function candidate(id: string, version: string, metadata: Record<string, string>, endpoints: string[]): Candidate {
  const node = { id, address: `${id}:1`, metadata };
  const offered = endpoints.map((name) => ({ name, request: null, response: null, metadata: {} }));
  return { node, record: { name: 'greeter', version, metadata: {}, endpoints: offered, nodes: [node] } };
}

const candidates = Object.freeze([
  candidate('a', '1.0.0', { zone: 'x', rack: '1' }, ['Greeter.Hello']),
  candidate('b', '1.0.0', { zone: 'y', rack: '1' }, ['Greeter.Hello', 'Greeter.Bye']),
  candidate('c', '2.0.0', { zone: 'x' }, []),
]);

test.each([
  ['a version', byVersion('1.0.0'), ['a', 'b']],
  ['a version that nobody has', byVersion('1'), []],
  ['a label', byLabels({ zone: 'x' }), ['a', 'c']],
  ['all of several labels', byLabels({ zone: 'x', rack: '1' }), ['a']],
  ['no labels at all', byLabels({}), ['a', 'b', 'c']],
  ['a label that objects have of themselves', byLabels({ constructor: 'x' }), []],
  ['an endpoint', byEndpoint('Greeter.Bye'), ['b']],
  ['an endpoint in its one spelling', byEndpoint('greeter.hello'), []],
] as const)('nodes are kept by %s, in their order', (_by, filter, ids) => {
  expect(filter(candidates).map(({ node }) => node.id)).toEqual(ids);
});
