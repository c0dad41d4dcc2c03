import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';
import { inherited } from './system/run.mjs';

/**
 * Makes the repository's dependencies stand: checks Node, and runs `npm ci` where node_modules is absent or older than
 * the lockfile. Install scripts stay off (see .npmrc): nothing here needs them.
 *
 * @throws {Error} with a sentence for people
 */
export async function install() {
  checkNodeVersion(process.versions.node);
  if (isInstalled()) return;
  console.log('Installing dependencies: npm ci');
  // Both groups are asked for by name: NODE_ENV=production or an `omit` of the user's own npmrc would leave them out.
  const code = await inherited('npm', ['ci', '--include=dev', '--include=optional']);
  if (code !== 0) throw new Error(`npm ci ended with exit code ${code}; its messages are above.`);
}

/**
 * 20.19 and 22.12 are the first of their lines whose `require` loads ES modules, which the packages and vite rely on.
 *
 * @param {string} version
 */
export function checkNodeVersion(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return;
  throw new Error(
    `Tenon needs Node 20.19 or newer (of the 22 line 22.12 or newer), and this is Node ${version}. ` +
      'See https://nodejs.org/en/download, or, with nvm: nvm install 22',
  );
}

/** npm writes its own lockfile into node_modules last, so an installation that was broken off counts as none. */
function isInstalled() {
  const written = join(root, 'node_modules', '.package-lock.json');
  return existsSync(written) && statSync(written).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

await command(import.meta.url, install);
