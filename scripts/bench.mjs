import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// npm run bench [-- NAME] [-- --quick]: runs bench/NAME.ts, or every one, each in a process of its own, and sums up.

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'bench');
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.d.ts'))
  .map((entry) => entry.name.slice(0, -'.ts'.length))
  .sort();

process.exitCode = await main(process.argv.slice(2));

/** @param {readonly string[]} args */
async function main(args) {
  const wanted = args.filter((arg) => !arg.startsWith('-'));
  const options = args.filter((arg) => arg.startsWith('-'));
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`no benchmark ${unknown.join(', ')} in bench/; there is: ${names.join(', ')}`);
    return 2;
  }
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const name of wanted.length > 0 ? wanted : names) {
    console.log(`\n# ${name}\n`);
    const counts = await run(name, options);
    total.passed += counts.passed;
    total.failed += counts.failed;
    total.skipped += counts.skipped;
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && total.passed + total.skipped > 0 ? 0 : 1;
}

/**
 * Runs one benchmark, its output shown as it comes, and reads the counts from its last line. One that ends badly without
 * having counted a failure is itself one.
 *
 * @param {string} name
 * @param {readonly string[]} options
 * @returns {Promise<{ passed: number, failed: number, skipped: number }>}
 */
function run(name, options) {
  const flags = ['--import', '@oxc-node/core/register', '-C', '@tenon/source'];
  const child = spawn(process.execPath, [...flags, join(folder, `${name}.ts`), ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  return new Promise((resolve) => {
    child.on('error', (error) => {
      console.error(error.message);
      resolve({ passed: 0, failed: 1, skipped: 0 });
    });
    child.on('close', (code) => {
      const [, passed, failed, skipped] = /(\d+) passed, (\d+) failed, (\d+) skipped\s*$/.exec(output) ?? [];
      const counts = { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped ?? 0) };
      if ((code !== 0 && counts.failed === 0) || passed === undefined) counts.failed += 1;
      resolve(counts);
    });
  });
}
