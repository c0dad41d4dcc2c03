import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { root } from './system/repository.mjs';
import { inherited } from './system/run.mjs';

/**
 * Makes the dependencies of a folder stand that has a package.json and a lock of its own, so that the repository's own
 * installation stays small: `npm ci` where node_modules is absent or older than the lock, without install scripts.
 *
 * @param {string} folder absolute, or relative to the root
 * @throws {Error} with a sentence for people
 */
export async function installFolder(folder) {
  const cwd = resolve(root, folder);
  const name = relative(root, cwd);
  const written = join(cwd, 'node_modules', '.package-lock.json');
  if (existsSync(written) && statSync(written).mtimeMs >= statSync(join(cwd, 'package-lock.json')).mtimeMs) return;
  console.log(`Installing what ${name} needs: npm ci`);
  const code = await inherited('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
  });
  if (code !== 0) throw new Error(`npm ci in ${name} ended with exit code ${code}; its messages are above.`);
}
