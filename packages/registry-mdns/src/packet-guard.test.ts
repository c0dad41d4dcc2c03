import { expect, it } from 'vitest';
import { isPlausible } from './packet-guard.js';

const header = (answers: number): Buffer => Buffer.from([0, 0, 0x84, 0, 0, 0, answers >> 8, answers & 255, 0, 0, 0, 0]);

it('lets through what a decoder reads in bounded time', () => {
  expect(isPlausible(header(0))).toBe(true);
  const pointer = Buffer.from([1, 97, 0, 0, 12, 0, 1, 0, 0, 0, 9, 0, 2, 0xc0, 12]);
  expect(isPlausible(Buffer.concat([header(1), pointer]))).toBe(true);
});

it('refuses more records than there is room for, and more than anybody sends', () => {
  expect(isPlausible(Buffer.from('short'))).toBe(false);
  expect(isPlausible(header(65_535))).toBe(false);
  expect(isPlausible(Buffer.concat([header(1_501), Buffer.alloc(20_000)]))).toBe(false);
});

it('refuses chains of pointers', () => {
  const chain = Buffer.alloc(4_000);
  header(1).copy(chain);
  for (let at = 14; at + 1 < chain.length; at += 2) chain.writeUInt16BE(0xc000 | (at - 2), at);
  expect(isPlausible(chain)).toBe(false);
});
