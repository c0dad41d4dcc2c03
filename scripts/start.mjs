import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install } from './install.mjs';
import { installServers, serverEnvironment } from './servers.mjs';
import { command } from './system/command.mjs';
import { fromSources } from './system/from-sources.mjs';
import { root } from './system/repository.mjs';
import { inherited } from './system/run.mjs';

/**
 * Runs the shop from its TypeScript sources: in one process and without any server, or with `--cluster` as several
 * processes over a real etcd and NATS. Further arguments are the shop's own.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>} the shop's exit code
 */
async function start(args) {
  const isCluster = args.includes('--cluster');
  await install();
  if (isCluster) await installServers(['etcd', 'nats-server']);

  const program = join('examples', 'shop', 'src', isCluster ? 'cluster.ts' : 'start.ts');
  if (!existsSync(join(root, program))) throw new Error(`${program} does not exist.`);
  return inherited(
    process.execPath,
    [...fromSources, program, ...args.filter((argument) => argument !== '--cluster')],
    isCluster ? { env: serverEnvironment() } : {},
  );
}

await command(import.meta.url, start);
