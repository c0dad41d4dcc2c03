import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './system/repository.mjs';
import { inherited } from './system/run.mjs';

/** The peers are a project of their own, which nothing else needs. */
export async function installPeers() {
  const peers = join(root, 'bench', 'peers');
  const written = join(peers, 'node_modules', '.package-lock.json');
  if (existsSync(written) && statSync(written).mtimeMs >= statSync(join(peers, 'package-lock.json')).mtimeMs) return;
  console.log('Installing the peers: npm ci in bench/peers');
  const code = await inherited('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: peers,
  });
  if (code !== 0) throw new Error(`npm ci in bench/peers ended with exit code ${code}; its messages are above.`);
}
