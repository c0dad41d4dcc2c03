import type { Candidate, Picker, Strategy } from '@tenon/contract';
import { expect, test } from 'vitest';
import { roundRobinStrategy } from './round-robin.js';

const strategy = (roundRobinStrategy().create as () => Strategy)();

function picks(picker: Picker, ids: string, times: number): string {
  const candidates = [...ids].map((id): Candidate => {
    const node = { id, address: `${id}:1`, metadata: {} };
    return { node, record: { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [node] } };
  });
  return Array.from({ length: times }, () => picker.pick(candidates, undefined).node.id).join('');
}

test('each node has its turn, across calls, in the order of ids', () => {
  expect(picks(strategy.picker('a'), 'bca', 7)).toBe('abcabca');
});

test('each service has turns of its own', () => {
  const [one, other] = [strategy.picker('a'), strategy.picker('b')];
  expect([picks(one, 'ab', 1), picks(other, 'ab', 1), picks(one, 'ab', 1)]).toEqual(['a', 'a', 'b']);
});

test('a node that leaves, joins or is filtered out costs nobody a turn', () => {
  const picker = strategy.picker('a');
  expect(picks(picker, 'abcd', 2)).toBe('ab');
  expect(picks(picker, 'acd', 1)).toBe('c');
  expect(picks(picker, 'abd', 1)).toBe('d');
  expect(picks(picker, 'bcd', 2)).toBe('bc');
  expect(picks(picker, 'a', 2)).toBe('aa');
});
