import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { installPeers } from './peers.mjs';
import { installServers } from './servers.mjs';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';
import { captured } from './system/run.mjs';

/**
 * npm run chaos [-- --only N-01,R-03] [-- --wires tenon/1,memory] [-- --long] [-- --registries etcd,nats]: builds the packages
 * and test/chaos, and runs the
 * rows of test/chaos/rows, every one unless told otherwise. What is measured is what users run: JavaScript as tsc writes it,
 * from the built packages, by no loader. Runs renew their lines of test/chaos/RESULTS.md; --peers puts three faults to peers too.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
async function chaos(args) {
  await install();
  if (args.includes('--peers')) await installPeers();
  await build();
  const folder = join(root, 'test', 'chaos');
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  for (const config of ['tsconfig.build.json', 'tsconfig.back-ends.json']) {
    await captured(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(folder, config)]);
  }
  const { chaos: run } = await import(new URL('../test/chaos/dist/chaos/run.js', import.meta.url).href);
  const code = await run(args, (/** @type {readonly string[] | undefined} */ programs) => installServers(programs));
  tellWhatIsLeft();
  return code;
}

/** A run that leaves something open would not end: after a while it says what that is, and has failed. */
function tellWhatIsLeft() {
  const late = () => {
    const handles = process.getActiveResourcesInfo().filter((name) => !standard.includes(name));
    const report = /** @type {{ libuv: { type: string, is_active: boolean, pid?: number }[] }} */ (
      process.report.getReport()
    );
    const children = report.libuv.filter(({ type, is_active }) => type === 'process' && is_active);
    const pids = children.map(({ pid }) => pid).join(', ');
    console.error(`left open by a row: ${handles.join(', ')}${pids === '' ? '' : `; processes ${pids}`}`);
    process.exit(1);
  };
  setTimeout(late, 10_000).unref();
}

const standard = ['TTYWrap', 'PipeWrap', 'FSReqCallback'];

await command(import.meta.url, chaos);
