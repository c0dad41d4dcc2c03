import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.mjs';
import { command } from './system/command.mjs';
import { root, workspaces } from './system/repository.mjs';
import { captured } from './system/run.mjs';

/**
 * Compiles every workspace that has a tsconfig.json, in the order of their references, into its `dist`. Found by glob, so
 * that a new package is built without a line anywhere else.
 *
 * @param {{ fresh?: boolean }} [options] `fresh` removes what earlier builds left: a file whose source is gone would
 *   otherwise be packed
 * @throws {import('./system/run.mjs').CommandFailed} with the compiler's messages
 */
export async function build({ fresh = false } = {}) {
  const folders = workspaces()
    .map(({ folder }) => folder)
    .filter((folder) => existsSync(join(root, folder, 'tsconfig.json')));
  if (fresh) {
    for (const folder of folders) {
      for (const output of ['dist', 'tsconfig.tsbuildinfo']) {
        rmSync(join(root, folder, output), { recursive: true, force: true });
      }
    }
  }
  await captured(join(root, 'node_modules', '.bin', 'tsc'), ['-b', ...folders]);
}

await command(import.meta.url, async (args) => {
  await install();
  await build({ fresh: args.includes('--fresh') });
});
