import { contests, mediumBytes } from './codec/contests.js';
import { firstUses } from './codec/first-use.js';
import { handshakes } from './codec/handshakes.js';
import { protobufContests } from './codec/protobuf-contests.js';
import { circumstances, writePage } from './harness/circumstances.js';
import { tell } from './harness/command.js';
import { table } from './harness/report.js';
import { sideBySide } from './harness/side-by-side.js';
import { median } from './harness/statistics.js';

// The codecs of classes alone: the compiled one reading, checking and building against those that do a part of it; bytes; the
// first use; protobuf against the libraries of that name.
// Run: npm run bench -- codec [--quick]

const quick = process.argv.includes('--quick');
const effort = { repetitions: quick ? 3 : 7, timeMs: quick ? 40 : 300 };
const outcomes = await sideBySide([...contests, ...protobufContests], effort);
const text = table('Tenon', 'theirs', outcomes);
console.log(text);

const endpoints = 50;
// The first of all pays for the code that every later one shares.
const compileMs = median(firstUses(endpoints + 1).slice(1));
const handshakeMs = median((await handshakes(endpoints, 21)).slice(1));
const facts = [
  fact('bytes of the medium message', `${mediumBytes} B`, '≤ 600 B', mediumBytes <= 600),
  fact(`compiling a class, median of ${endpoints}`, `${compileMs.toFixed(2)} ms`, '≤ 1 ms', compileMs <= 1),
  fact(
    `handshake with ${endpoints} endpoints, median of 20`,
    `${handshakeMs.toFixed(2)} ms`,
    '≤ 5 ms',
    handshakeMs <= 5,
  ),
];
const rows = facts.map(
  ({ bar, found, wanted, met }) => `| ${bar} | ${found} | ${wanted} | ${met ? 'met' : 'NOT MET'} |`,
);
const factTable = ['| what | found | bar | |', '|---|---|---|---|', ...rows].join('\n');
console.log(`\n${factTable}`);

if (!quick) {
  const packages = ['tenon', 'class-validator', 'class-transformer', 'tinybench'];
  const method = `${effort.repetitions} repetitions of ${effort.timeMs} ms a side, taking turns; medians.`;
  const where = circumstances(packages, 'npm run bench -- codec');
  writePage('codec', `${text}\n\n${method}\n\n${factTable}`, where, { effort, outcomes, facts });
}
const verdicts = [
  ...outcomes.map((one) => ({
    bar: `${one.name} ≥ ${one.bar} ×`,
    found: `${one.ratio.toFixed(2)} × by CPU`,
    met: one.met,
  })),
  ...facts.map(({ bar, wanted, found, met }) => ({ bar: `${bar} ${wanted}`, found, met })),
];
tell(verdicts.map(({ bar, found, met }) => ({ bar: `codec: ${bar}`, found, outcome: met ? 'met' : 'NOT MET' })));
const failed = verdicts.filter(({ met }) => !met).length;
console.log(`\n${verdicts.length - failed} passed, ${failed} failed, 0 skipped`);
process.exitCode = failed === 0 ? 0 : 1;

function fact(bar: string, found: string, wanted: string, met: boolean) {
  return { bar, found, wanted, met };
}
