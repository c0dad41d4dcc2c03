import type { Candidate, Strategy } from '@tenon/contract';
import { afterEach, expect, test, vi } from 'vitest';
import { randomStrategy } from './random.js';

afterEach(() => void vi.restoreAllMocks());

test('every node can be picked, each with the same share of the chances', () => {
  const picker = (randomStrategy().create as () => Strategy)().picker('greeter');
  const candidates = ['a', 'b', 'c', 'd'].map((id): Candidate => {
    const node = { id, address: `${id}:1`, metadata: {} };
    return { node, record: { name: 'greeter', version: '1', metadata: {}, endpoints: [], nodes: [node] } };
  });
  const chance = vi.spyOn(Math, 'random');
  const picked = [0, 0.249, 0.25, 0.5, 0.749, 0.75, 0.999_999].map((value) => {
    chance.mockReturnValueOnce(value);
    return picker.pick(candidates, undefined).node.id;
  });
  expect(picked).toEqual(['a', 'a', 'b', 'c', 'c', 'd', 'd']);
});
