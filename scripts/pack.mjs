import { rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { packAll } from './check/tarballs.mjs';
import { install } from './install.mjs';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';

/** Packs every package into .tmp/tarballs and prints the line that installs them in a project of yours. */
async function pack() {
  await install();
  const destination = join(root, '.tmp', 'tarballs');
  rmSync(destination, { recursive: true, force: true });
  const tarballs = await packAll(destination);
  console.log(`${tarballs.length} packages in ${relative(root, destination)}. In your project:\n`);
  console.log(`npm install ${/[^\w./-]/.test(destination) ? JSON.stringify(destination) : destination}/*.tgz`);
}

await command(import.meta.url, pack);
