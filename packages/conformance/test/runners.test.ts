import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { registryCases } from '@tenon/conformance';
import { expect, it } from 'vitest';

it('runs a suite with node:test, known failures included', async () => {
  const file = fileURLToPath(new URL('./node-runner-suite.ts', import.meta.url));
  const loader = ['--import', '@oxc-node/core/register', '--conditions', '@tenon/source'];
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [...loader, '--test', '--test-reporter', 'tap', file], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
  });
  expect(stdout).toContain(`# pass ${registryCases.length}\n`);
  expect(stdout).toContain('# fail 0\n');
  expect(stdout).toContain('# skipped 0\n');
});
