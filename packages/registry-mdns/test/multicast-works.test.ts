import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { multicastWorks } from '../src/index.js';
import { comesBack } from '../src/multicast-works.js';
import { FaultyNetwork } from './faulty-network.js';
import { randomPort } from './fixture.js';

test('multicast works on loopback', async () => {
  expect(await multicastWorks({ port: randomPort() })).toBe(true);
});

test('it does not where there is no interface, or where nothing comes back', async () => {
  expect(await multicastWorks({ interfaces: ['no-such0'], port: randomPort() })).toBe(false);
  const deaf = new FaultyNetwork();
  const addresses = deaf.addresses();
  deaf.isDown = true;
  expect(
    await comesBack({ port: randomPort(), timeoutMs: 50 }, Object.assign(deaf, { addresses: () => addresses })),
  ).toBe(false);
});

test('an option out of range is named', async () => {
  await expect(multicastWorks({ timeoutMs: 1 })).rejects.toThrow('multicastWorks.timeoutMs is 1');
});

test('a process that does nothing else lives until it knows', async () => {
  const index = fileURLToPath(new URL('../src/index.ts', import.meta.url));
  const program = `import { multicastWorks } from ${JSON.stringify(index)};
    console.log(await multicastWorks({ port: ${randomPort()} }));`;
  const given = [
    '--import',
    '@oxc-node/core/register',
    '--conditions',
    '@tenon/source',
    '--input-type=module',
    '-e',
    program,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, given);
  expect(stdout).toBe('true\n');
});
