import { circumstances, writePage } from './harness/circumstances.js';
import { endWithCommand, tell } from './harness/command.js';
import { median } from './harness/statistics.js';
import { type Callers, type Rates, ratesOf } from './one-port/loads.js';
import { protocols } from './one-port/protocols.js';

// tenon/1, HTTP/1.1, HTTP/2 in the clear and gRPC on one port at the same time: whether one starves another.
// Run: npm run bench -- one-port [--quick] [--long]. Quick runs judge nothing.

endWithCommand();
const isQuick = process.argv.includes('--quick');
const repetitions = isQuick ? 1 : process.argv.includes('--long') ? 5 : 3;
const timing = isQuick ? { warmupMs: 600, windowMs: 500 } : { warmupMs: 2_500, windowMs: 2_000 };
const allCallers = 128;
const bar = 0.8;

interface Repetition {
  /** Calls a second of each protocol that has the port to itself, with all callers. */
  readonly alone: readonly number[];
  /** What a call of each costs the server then, in microseconds of CPU. */
  readonly micros: readonly number[];
  /** At once: as many callers for each as it takes for a quarter of the server's time. */
  readonly callers: readonly number[];
  readonly together: Rates;
  /** With equally many callers. */
  readonly equal: readonly number[];
}

const found: Repetition[] = [];
for (let time = 0; time < repetitions; time += 1) found.push(await repetition());

// Its calls, as a multiple of those that a quarter of what the server computed would have been.
const shares = protocols.map((_, index) =>
  median(
    found.map(({ micros, together: { rates, serverShare } }) => {
      const quarterMicros = (serverShare * 1e6) / protocols.length;
      return ((rates[index] ?? 0) * (micros[index] ?? 0)) / quarterMicros;
    }),
  ),
);
const ofAlone = protocols.map((_, index) =>
  median(found.map(({ alone, together }) => (together.rates[index] ?? 0) / ((alone[index] ?? 0) / protocols.length))),
);
const equalShares = protocols.map((_, index) =>
  median(found.map(({ equal }) => (equal[index] ?? 0) / (sumOf(equal) / protocols.length))),
);
const rows = protocols.map(({ name }, index) => {
  const at = (of: (one: Repetition) => readonly number[]): string =>
    whole(median(found.map((one) => of(one)[index] ?? 0)));
  const micros = median(found.map((one) => one.micros[index] ?? Number.NaN)).toFixed(1);
  const cells = [at(({ alone }) => alone), micros, at(({ callers }) => callers), at(({ together }) => together.rates)];
  const share = ofAlone[index] ?? Number.NaN;
  return `| ${[name, ...cells, percent(share), share >= bar ? 'met' : 'NOT MET', percent(shares[index] ?? Number.NaN), at(({ equal }) => equal), percent(equalShares[index] ?? Number.NaN)].join(' | ')} |`;
});
const method = `${repetitions} repetitions, windows of ${timing.windowMs} ms after ${timing.warmupMs} ms; medians. One server process on one processor, ${median(found.map(({ together }) => together.serverShare * 100)).toFixed(0)} % of which it used together, a client process for each protocol on the other; small calls.`;
const text = [
  '| protocol | alone, calls/s | server’s CPU, µs a call | callers | together, calls/s | of a quarter of alone | bar ≥ 80 % | of a quarter of the server’s time | with 32 callers each, calls/s | of the mean |',
  '|---|---|---|---|---|---|---|---|---|---|',
  ...rows,
].join('\n');
console.log(`${text}\n\n${method}`);

const verdicts = protocols.map(({ name }, index) => {
  const share = ofAlone[index] ?? Number.NaN;
  const outcome = share >= bar ? 'met' : 'NOT MET';
  return { bar: `one-port: ${name} ≥ 80 % of its share beside the others`, found: percent(share), outcome };
});
const missed = verdicts.filter(({ outcome }) => outcome !== 'met').length;
if (isQuick) {
  console.log(`\nA quick run judges nothing.\n\n${protocols.length} passed, 0 failed, 0 skipped`);
} else {
  const where = circumstances(['tenon', 'msgpackr'], 'npm run bench -- one-port');
  writePage('one-port', `${text}\n\n${method}`, where, { method, repetitions: found, bars: verdicts });
  tell(verdicts);
  console.log(`\n${verdicts.length - missed} passed, ${missed} failed, 0 skipped`);
  process.exitCode = missed > 0 ? 1 : 0;
}

async function repetition(): Promise<Repetition> {
  const alone: number[] = [];
  const micros: number[] = [];
  for (const protocol of protocols) {
    const inFlight = allCallers / protocols.length;
    const {
      rates: [rate = Number.NaN],
      serverShare,
    } = await ratesOf([{ protocol, inFlight }], timing);
    alone.push(rate);
    micros.push((serverShare * 1e6) / rate);
  }
  // The server takes turns call by call: whoever's calls cost little has more of them under way, for the same of its time.
  const callers = alone.map((rate) => Math.max(1, Math.round((allCallers * rate) / sumOf(alone))));
  const crowd = (inFlight: (index: number) => number): readonly Callers[] =>
    protocols.map((protocol, index) => ({ protocol, inFlight: inFlight(index) }));
  const together = await ratesOf(
    crowd((index) => callers[index] ?? 1),
    timing,
  );
  const { rates: equal } = await ratesOf(
    crowd(() => allCallers / protocols.length),
    timing,
  );
  return { alone, micros, callers, together, equal };
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
