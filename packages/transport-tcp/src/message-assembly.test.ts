import type { ServiceError } from '@tenon/contract';
import { expect, test } from 'vitest';
import { Assemblies, MessageAssembly } from './message-assembly.js';

test('pieces make a message, and nothing over the limit is kept', () => {
  const assembly = new MessageAssembly(300_000);
  const piece = Buffer.alloc(50_000, 'p');
  for (let count = 0; count < 6; count += 1) expect(assembly.append(piece, 0, piece.length)).toBe(true);
  expect(assembly.append(piece, 0, 1)).toBe(false);
  expect(assembly.bytes).toBe(300_000);
  expect(assembly.content.equals(Buffer.alloc(300_000, 'p'))).toBe(true);
});

test('over the limit of all, those that began last have to end', () => {
  const ended: string[] = [];
  const assemblies = new Assemblies(100);
  const made = ['first', 'second', 'third'].map((name) => ({
    name,
    assembledBytes: 0,
    overrun: (error: ServiceError) => void ended.push(`${name} ${error.code}`),
  }));
  for (const one of made) assemblies.add(one);
  const grow = (index: number, bytes: number): void => {
    const one = made[index] as (typeof made)[number];
    one.assembledBytes += bytes;
    assemblies.grew(bytes);
  };
  grow(2, 40);
  grow(0, 40);
  expect(ended).toEqual([]);
  grow(0, 40);
  expect(ended).toEqual(['third ResourceExhausted']);
  grow(1, 20);
  expect(ended).toHaveLength(1);
  grow(1, 10);
  expect(ended).toEqual(['third ResourceExhausted', 'second ResourceExhausted']);
  assemblies.remove(made[1] as (typeof made)[number]);
  assemblies.remove(made[0] as (typeof made)[number]);
  const late = { assembledBytes: 0, overrun: () => void ended.push('late') };
  assemblies.add(late);
  late.assembledBytes = 100;
  assemblies.grew(100);
  expect(ended).toHaveLength(2);
});
