import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('nothing a peer sends becomes generated code', () => {
  const output = runWithoutCodeGeneration('no-generated-code.child.ts');
  expect(JSON.parse(output)).toEqual({
    // The trap works: msgpackr as it comes compiles the record that the bytes define.
    compiledByPlainMsgpackr: true,
    evalForbidden: true,
    sameShapedMaps: 1_000,
    recordsRefused: 6,
    linkedRecords: 2_000,
    compiledByTheCodec: 0,
  });
});

function runWithoutCodeGeneration(file: string): string {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const flags = [
    '-C',
    '@tenon/source',
    '--import',
    '@oxc-node/core/register',
    '--disallow-code-generation-from-strings',
  ];
  return execFileSync(process.execPath, [...flags, script], { encoding: 'utf8', timeout: 20_000 });
}
