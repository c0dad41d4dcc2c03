import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { everyField, roundTrip } from './every-field.js';
import { createProtobufCodec } from './fixture.js';
import { Sample } from './sample-class.js';

test('a process that forbids generated code writes and reads the same', () => {
  const script = fileURLToPath(new URL('no-eval.child.ts', import.meta.url));
  const flags = [
    '-C',
    '@tenon/source',
    '--import',
    '@oxc-node/core/register',
    '--disallow-code-generation-from-strings',
  ];
  const TS_NODE_PROJECT = fileURLToPath(new URL('../../../tsconfig.test.json', import.meta.url));
  const output = execFileSync(process.execPath, [...flags, script], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, TS_NODE_PROJECT },
  });
  expect(JSON.parse(output)).toEqual({ forbidden: true, ...roundTrip(everyField) });
  expect(roundTrip(everyField).value).toEqual(everyField);
}, 90_000);

test('without leave to generate code, none is', () => {
  const made = vi.fn();
  const original = globalThis.Function;
  globalThis.Function = new Proxy(original, { construct: made, apply: made });
  try {
    const decode = createProtobufCodec({ generateCode: false }).open().decoder(Sample);
    expect(decode(Buffer.from('0a0161', 'hex'), 0, 3)).toMatchObject({ text: 'a' });
  } finally {
    globalThis.Function = original;
  }
  expect(made).not.toHaveBeenCalled();
});
