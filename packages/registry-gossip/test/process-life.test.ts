import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** Runs a program of one registry with nothing else in its process, and returns what it said. */
async function said(body: string): Promise<string> {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const authoring = fileURLToPath(new URL('../../contract/src/authoring/index.ts', import.meta.url));
  const program = `
    import { gossipRegistry } from ${JSON.stringify(index)};
    import { silentLogger, systemClock } from ${JSON.stringify(authoring)};
    const registry = gossipRegistry({ listen: '127.0.0.1:0' }).create(silentLogger(), systemClock());
    await registry.start(new AbortController().signal);
    ${body}`;
  const flags = ['--import', '@oxc-node/core/register', '--conditions', '@tenon/source', '--input-type=module', '-e'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, program], { timeout: 20_000 });
  return stdout;
}

test('a process that only watches lives while its registry is open, and ends once it is closed', async () => {
  // Its one timer is one that keeps no process alive.
  const output = await said(`
    const later = new Promise((resolve) => setTimeout(resolve, 300).unref());
    await later;
    console.log('watched');
    await registry.close();
    console.log('closed');`);
  expect(output).toBe('watched\nclosed\n');
});
