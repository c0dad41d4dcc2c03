import type { HttpResource } from '@tenon/contract';
import { expect, test } from 'vitest';
import type { AnsweredPaths } from '../port/answered-paths.js';
import { ownPaths, type ResourceParts } from './own-paths.js';

const parts = { node: 'n', around: [], schemas: { of: () => undefined } } as unknown as ResourceParts;
const resource = (name: string, ...paths: readonly string[]): HttpResource => ({
  name,
  paths,
  answer: () => ({ status: 200, fields: {}, body: '' }),
});
const health: AnsweredPaths = {
  find: (path) => (path === '/health' ? async () => ({ status: 200, fields: {}, body: 'up' }) : undefined),
};

test('without resources there is health alone, or nothing: then the port speaks no HTTP for them', () => {
  expect(ownPaths([], parts, health)).toBe(health);
  expect(ownPaths([], parts, undefined)).toBeUndefined();
  expect(ownPaths([resource('none')], parts, undefined)).toBeUndefined();
});

test('a path is found as it is written, and health is found first', () => {
  const paths = ownPaths([resource('a', '/a', '/a/b')], parts, health);
  expect(['/a', '/a/b', '/health'].map((path) => typeof paths?.find(path))).toEqual(Array(3).fill('function'));
  expect(['/', '/a/', '/A', '/a/b/c', '/%61'].map((path) => paths?.find(path))).toEqual(Array(5).fill(undefined));
});

test.each([
  [[resource('a', '/x'), resource('b', '/x')], 'the resources a and b both have the path /x'],
  [[resource('a', '/x', '/x')], 'the resources a and a both have the path /x'],
  [[resource('a', '/health')], 'the resources health and a both have the path /health'],
  [[resource('a', 'x')], 'the resource a has the path "x"; a path begins with a slash'],
  [[resource('a', '/x?y')], 'the resource a has the path "/x?y"'],
  [[resource('a', '/ä')], 'the resource a has the path "/ä"'],
])('%j is refused', (resources, said) => {
  expect(() => ownPaths(resources, parts, health)).toThrow(said);
});
