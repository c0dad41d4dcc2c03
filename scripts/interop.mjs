import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { buildGoProgram } from './go-program.mjs';
import { install } from './install.mjs';
import { installFolder } from './install-folder.mjs';
import { installDebianPackage, installPrograms, serverEnvironment } from './servers.mjs';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';
import { captured } from './system/run.mjs';

/**
 * npm run interop [-- --only curl,h2spec]: builds the packages and test/interop, and lets the strangers of test/interop/strangers
 * meet Tenon, every one unless told otherwise. Each installs what it needs; one that this machine cannot have is skipped with the
 * reason. Whole runs leave test/interop/RESULTS.md.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
async function interop(args) {
  await install();
  await build();
  const folder = join(root, 'test', 'interop');
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  await captured(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(folder, 'tsconfig.build.json')]);
  const { interop: run } = await import(new URL('../test/interop/dist/interop/run.js', import.meta.url).href);
  return run(args, {
    debian: installPrograms,
    debianPackage: installDebianPackage,
    npm: installFolder,
    go: buildGoProgram,
    path: serverEnvironment().PATH,
  });
}

await command(import.meta.url, interop);
