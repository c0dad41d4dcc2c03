import { circumstances, writePage } from './harness/circumstances.js';
import { endWithCommand, tell } from './harness/command.js';
import { median } from './harness/statistics.js';
import { type Callers, ratesOf } from './one-port/loads.js';
import { protocols } from './one-port/protocols.js';

// tenon/1, HTTP/1.1, HTTP/2 in the clear and gRPC on one port at the same time: whether one starves another.
// Run: npm run bench -- one-port [--quick] [--long]. Quick runs judge nothing.

endWithCommand();
const isQuick = process.argv.includes('--quick');
const repetitions = isQuick ? 1 : process.argv.includes('--long') ? 5 : 3;
const timing = isQuick ? { warmupMs: 600, windowMs: 500 } : { warmupMs: 2_500, windowMs: 2_000 };
const callers = 64;
/** What asks for its share must not be held back by how many calls it has under way. */
const paced = 4_096;
const bar = 0.8;

interface Repetition {
  /** Calls a second of each protocol that has the port to itself. */
  readonly alone: readonly number[];
  /** Of each, when all ask for all they can get. */
  readonly together: readonly number[];
  /** Of each that asks for a quarter of all that, by the clock, while the three others go on asking for all they can get. */
  readonly besides: readonly number[];
  /** How much of a processor the server used when all asked. */
  readonly serverShare: number;
}

const found: Repetition[] = [];
for (let time = 0; time < repetitions; time += 1) found.push(await repetition());

const [shares, besideShares] = (['together', 'besides'] as const).map((what) =>
  protocols.map((_, index) => median(found.map((one) => (one[what][index] ?? 0) / shareOf(one.together)))),
) as [number[], number[]];
const rows = protocols.map(({ name }, index) => {
  const at = (of: (one: Repetition) => readonly number[]): string =>
    whole(median(found.map((one) => of(one)[index] ?? 0)));
  const share = shares[index] ?? Number.NaN;
  const beside = besideShares[index] ?? Number.NaN;
  return `| ${[name, at(({ alone }) => alone), at(({ together }) => together), percent(share), percent(beside), verdictOf(Math.min(share, beside))].join(' | ')} |`;
});
const method = `${repetitions} repetitions, windows of ${timing.windowMs} ms after ${timing.warmupMs} ms; medians. One server process on one processor, ${percent(median(found.map(({ serverShare }) => serverShare)))} of which it used together, a client process for each protocol on the other; small calls that compute for 50 µs. ${callers} callers for each protocol, which call again as soon as they are answered; whoever asks for its share only sends by the clock.`;
const text = [
  '| protocol | alone, calls/s | all four at once, calls/s | of its share, a quarter of all | asking for no more than that beside three that go on: of its share | bar ≥ 80 % |',
  '|---|---|---|---|---|---|',
  ...rows,
].join('\n');
console.log(`${text}\n\n${method}`);

const verdicts = protocols.map(({ name }, index) => {
  const share = Math.min(shares[index] ?? Number.NaN, besideShares[index] ?? Number.NaN);
  return {
    bar: `one-port: ${name} ≥ 80 % of its share beside the others`,
    found: percent(share),
    outcome: verdictOf(share),
  };
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
  for (const protocol of protocols) {
    const { rates } = await ratesOf([{ protocol, inFlight: callers }], timing);
    alone.push(rates[0] ?? Number.NaN);
  }
  const greedy = protocols.map((protocol): Callers => ({ protocol, inFlight: callers }));
  const { rates: together, serverShare } = await ratesOf(greedy, timing);
  const besides: number[] = [];
  for (const [index, protocol] of protocols.entries()) {
    const modest = { protocol, inFlight: paced, rate: shareOf(together) };
    const { rates } = await ratesOf(greedy.with(index, modest), timing);
    besides.push(rates[index] ?? Number.NaN);
  }
  return { alone, together, besides, serverShare };
}

/** Of four that ask for more than there is. */
function shareOf(rates: readonly number[]): number {
  return rates.reduce((sum, one) => sum + one, 0) / rates.length;
}

function verdictOf(share: number): 'met' | 'NOT MET' {
  return share >= bar ? 'met' : 'NOT MET';
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
