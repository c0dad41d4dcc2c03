import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { installServers, serverEnvironment } from './servers.mjs';
import { command } from './system/command.mjs';
import { filesOf, root } from './system/repository.mjs';
import { CommandFailed, inherited } from './system/run.mjs';
import { describe, sum } from './tally/tally.mjs';
import { readTally } from './tally/tally-file.mjs';

/**
 * Runs every test and prints one line that counts them: vitest on the sources, then the examples' node:test suites on
 * what tsc made of them, because that is what ships. Arguments are vitest's (a folder, `-t name`) and leave the second
 * part out.
 *
 * @param {readonly string[]} args
 * @returns {Promise<number>} 0, or 1 on any failure
 */
async function test(args) {
  await install();
  await installServers();
  const reports = mkdtempSync(join(tmpdir(), 'tenon-test-'));
  try {
    const tallies = [await runVitest(args, join(reports, 'vitest.json'))];
    if (args.length === 0) tallies.push(...(await runSmokeSuites(join(reports, 'node-test.json'))));
    const total = sum(tallies);
    console.log(`\n${describe(total)}`);
    return total.failed === 0 ? 0 : 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
}

/**
 * @param {readonly string[]} args
 * @param {string} report
 */
async function runVitest(args, report) {
  const reporter = join(root, 'scripts', 'tally', 'vitest-reporter.mjs');
  const code = await inherited(
    join(root, 'node_modules', '.bin', 'vitest'),
    ['run', '--reporter=default', `--reporter=${reporter}`, ...args],
    { env: { ...serverEnvironment(), TALLY_FILE: report } },
  );
  return readTally('vitest', report, code);
}

/** @param {string} report */
async function runSmokeSuites(report) {
  const suites = smokeSuites();
  if (suites.length === 0) return [];
  console.log(`\nOn the output of tsc: ${suites.join(', ')}`);
  try {
    await build();
  } catch (thrown) {
    console.error(thrown instanceof CommandFailed ? thrown.output : thrown);
    return [{ passed: 0, failed: 1, skips: [] }];
  }
  const reporter = join(root, 'scripts', 'tally', 'node-test-reporter.mjs');
  const code = await inherited(
    process.execPath,
    [
      '--test',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${report}`,
      ...suites,
    ],
    { env: serverEnvironment() },
  );
  return [readTally('node --test', report, code)];
}

/** `examples/NAME/test/*.node-test.mjs`: plain JavaScript that imports the example's `dist`. */
function smokeSuites() {
  return filesOf('examples')
    .map((example) => `examples/${example}/test`)
    .flatMap((folder) => filesOf(folder).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith('.node-test.mjs'));
}

await command(import.meta.url, test);
