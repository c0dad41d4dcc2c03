import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { compileBuilder } from '../src/engine/layout-builder.js';
import { compileReader } from '../src/engine/layout-reader.js';
import { compileWriter } from '../src/engine/layout-writer.js';
import { agreement, buildsByCodec } from './agreement-story.js';
import { msgpack, written } from './layouts.js';
import { order, orderLayout, orderPlan } from './orders.js';

const plain = msgpack();

test('where code may be made, the agreement ends in values that are built while they are read', () => {
  expect(agreement().filter(({ form }) => form !== 0).length).toBeGreaterThan(4);
  expect(buildsByCodec()).toBe(true);
});

test('a process that forbids generated code agrees, writes, reads and validates the same, and has no builder', () => {
  const script = fileURLToPath(new URL('no-eval.child.ts', import.meta.url));
  const flags = [
    '-C',
    '@tenon/source',
    '--import',
    '@oxc-node/core/register',
    '--disallow-code-generation-from-strings',
  ];
  const output = execFileSync(process.execPath, [...flags, script], { encoding: 'utf8', timeout: 60_000 });
  expect(JSON.parse(output)).toEqual({
    forbidden: true,
    hex: written(compileWriter(orderLayout, { generateCode: true }), order(), plain)?.toString('hex'),
    customer: 'Ada Lovelace',
    agreement: agreement(),
    builder: 'undefined',
  });
}, 90_000);

test('without leave to generate code, none is: whatever a layout from a wire says, it is data', () => {
  const made = vi.fn();
  const original = globalThis.Function;
  globalThis.Function = new Proxy(original, { construct: made, apply: made });
  try {
    const options = { generateCode: false };
    const bytes = written(compileWriter(orderLayout, options), order(), plain) as Buffer;
    expect(compileReader(orderLayout, options)(bytes, 0, bytes.length, plain.decode)).toEqual(order());
    expect(compileBuilder(orderLayout, orderPlan, options)).toBeUndefined();
  } finally {
    globalThis.Function = original;
  }
  expect(made).not.toHaveBeenCalled();
});
