import { fileURLToPath } from 'node:url';
import { NodeProcess } from '@tenon/testing/node-process';

/**
 * One of the scripts beside this file, run from its sources in a process of its own.
 *
 * @param environment - the `TENON_…` variables that it gets; those of this process stay here.
 */
export function childApp(
  script: string,
  parameters: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): NodeProcess {
  // The one that includes tests, and says that decorators are to be compiled with their metadata.
  const TS_NODE_PROJECT = fileURLToPath(new URL('../../tsconfig.test.json', import.meta.url));
  const inherited = Object.entries(process.env).filter(([name]) => !/^(?:TENON_|VITEST|NODE_)/.test(name));
  return new NodeProcess(fileURLToPath(new URL(script, import.meta.url)), {
    parameters,
    flags: ['--import', '@oxc-node/core/register', '-C', '@tenon/source'],
    environment: { ...Object.fromEntries(inherited), TS_NODE_PROJECT, ...environment },
    name: script,
  });
}
