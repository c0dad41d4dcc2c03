import { spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { install } from './install.mjs';
import { installPeers } from './peers.mjs';
import { installServers } from './servers.mjs';
import { command } from './system/command.mjs';
import { root } from './system/repository.mjs';
import { captured } from './system/run.mjs';

// npm run bench [-- NAME …] [--quick | --long]: builds the packages and the benches, then runs bench/NAME.ts, or every one,
// each in a process of its own, and sums up. A NAME may also be that of a cell, such as small@64 (bench/bars/cells.ts).
// What whole benches found goes to bench/results, and from there into README.md; --table does the latter alone.

const folder = join(root, 'bench');

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>}
 */
async function bench(args) {
  const began = performance.now();
  const options = args.filter((arg) => arg.startsWith('-'));
  const unknownOption = options.find((option) => !['--quick', '--long', '--table'].includes(option));
  if (unknownOption !== undefined) throw new Error(`no option ${unknownOption}; there are --quick, --long and --table`);
  await install();
  await buildAll();
  if (options.includes('--table')) {
    await writeTable();
    return 0;
  }
  const plan = await planOf(args.filter((arg) => !arg.startsWith('-')));
  if ([...plan.keys()].some((name) => needPeers.has(name))) await installPeers();
  await installNats(plan, options.includes('--long') ? 'long' : 'default');

  const total = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Bar[]} */
  const bars = [];
  for (const [name, cells] of plan) {
    console.log(`\n# ${name}\n`);
    const counts = await run(name, [...cells, ...options]);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
    bars.push(...counts.bars);
  }
  if (!options.includes('--quick')) await writeTable();
  if (bars.length > 0) console.log('\n# Bars\n');
  for (const { bar, found, outcome } of bars) console.log(`${outcome}: ${bar}: ${found}`);
  console.log(`\n${Math.round((performance.now() - began) / 1_000)} s`);
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && total.passed + total.skipped > 0 ? 0 : 1;
}

/** README.md shows the newest results, whichever they are. */
async function writeTable() {
  const { writeReadmeTable } = await import(new URL('../bench/dist/harness/readme-table.js', import.meta.url).href);
  writeReadmeTable(root);
}

/** What is measured is what users run: JavaScript as tsc writes it, from the built packages, by no loader. */
async function buildAll() {
  await build();
  rmSync(join(folder, 'dist'), { recursive: true, force: true });
  await captured(join(root, 'node_modules', '.bin', 'tsc'), ['-p', join(folder, 'tsconfig.build.json')]);
}

/**
 * A nats-server, where a cell that is about to run needs one and we may install it. Without one its contestants are
 * skipped, each with this reason.
 *
 * @param {ReadonlyMap<string, readonly string[]>} plan
 * @param {'default' | 'long'} effort
 */
async function installNats(plan, effort) {
  const { needNats } = await import(new URL('../bench/dist/harness/needs.js', import.meta.url).href);
  if (!plan.has('pubsub') && !(await needNats(plan, effort))) return;
  try {
    await installServers(['nats-server']);
  } catch (error) {
    console.log(error instanceof Error ? error.message : error);
  }
}

/** The benches that race against what `bench/peers` has. */
const needPeers = new Set(['calls', 'codec', 'streams', 'connections', 'local', 'grpc', 'pubsub']);

/**
 * Which benches to run, each with the cells that were named; without one it runs whole.
 *
 * @param {readonly string[]} wanted
 * @returns {Promise<Map<string, string[]>>}
 */
async function planOf(wanted) {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => entry.name.slice(0, -'.ts'.length))
    .sort();
  if (wanted.length === 0) return new Map(names.map((name) => [name, []]));
  const { cells } = await import(new URL('../bench/dist/bars/cells.js', import.meta.url).href);
  /** @type {Map<string, string[]>} */
  const plan = new Map();
  for (const name of wanted) {
    if (names.includes(name)) {
      plan.set(name, []);
      continue;
    }
    const cell = cells.find((/** @type {{ name: string }} */ one) => one.name === name);
    if (cell === undefined) {
      const known = cells.map((/** @type {{ name: string }} */ one) => one.name);
      throw new Error(`no bench ${name}; there are ${names.join(', ')}, and the cells ${known.join(', ')}`);
    }
    plan.set(cell.bench, [...(plan.get(cell.bench) ?? []), name]);
  }
  return plan;
}

/**
 * @typedef {object} Bar
 * @property {string} bar
 * @property {string} found
 * @property {string} outcome
 */

/**
 * Runs one benchmark, its output shown as it comes, and reads the counts from its last line; its bars it tells by message.
 * One that ends badly without having counted a failure is itself one.
 *
 * @param {string} name
 * @param {readonly string[]} args
 * @returns {Promise<{ passed: number, failed: number, skipped: number, bars: readonly Bar[] }>}
 */
function run(name, args) {
  const child = spawn(process.execPath, [join(folder, 'dist', `${name}.js`), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  /** @type {Bar[]} */
  const bars = [];
  child.on('message', (/** @type {{ bars: readonly Bar[] }} */ message) => bars.push(...message.bars));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve({ passed: 0, failed: 1, skipped: 0, bars });
    });
    child.on('close', (code) => {
      const [, passed, failed, skipped] = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(output) ?? [];
      const counts = { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0), bars };
      if ((code !== 0 && counts.failed === 0) || passed === undefined) counts.failed += 1;
      resolve(counts);
    });
  });
}

await command(import.meta.url, bench);
