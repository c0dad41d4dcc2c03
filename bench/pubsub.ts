import { circumstances, writePage } from './harness/circumstances.js';
import { endWithCommand, tell } from './harness/command.js';
import { NatsServer } from './harness/nats-server.js';
import { median } from './harness/statistics.js';
import { type Contest, contests, type Entrant } from './pubsub/contests.js';
import type { Heat } from './pubsub/heats.js';

// Publish and subscribe over one nats-server: Tenon, the raw client, the stock client of JetStream, Nest and Moleculer, in turns.
// Run: npm run bench -- pubsub [--quick] [--long]. Quick runs judge nothing.

interface Result {
  readonly contest: string;
  readonly bytes: number;
  readonly entrant: string;
  readonly heats: readonly Heat[];
  readonly failed?: string;
}

endWithCommand();
const isQuick = process.argv.includes('--quick');
const repetitions = isQuick ? 1 : process.argv.includes('--long') ? 5 : 3;
const timing = isQuick ? { warmupMs: 600, windowMs: 500 } : { warmupMs: 1_000, windowMs: 1_000 };
const method = `${repetitions} repetitions, windows of ${timing.windowMs} ms after ${timing.warmupMs} ms, in turns; medians`;
let topics = 0;

const version = NatsServer.version();
if (version === undefined) {
  console.log('SKIPPED: there is no nats-server\n\n0 passed, 0 failed, 1 skipped');
} else {
  const server = await NatsServer.start(true);
  const results: Result[] = [];
  try {
    for (const contest of contests)
      for (const bytes of [100, 1_024]) results.push(...(await measured(contest, bytes, server)));
  } finally {
    await server.stop();
  }
  conclude(results, version);
}

async function measured(contest: Contest, bytes: number, server: NatsServer): Promise<readonly Result[]> {
  const heats = new Map(contest.entrants.map((entrant) => [entrant, [] as Heat[]]));
  const failed = new Map<Entrant, string>();
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const entrant of repetition % 2 === 0 ? contest.entrants : contest.entrants.toReversed()) {
      if (failed.has(entrant)) continue;
      topics += 1;
      const given = { nats: server.address, topic: `bench-${topics}.sample`, isKept: contest.isKept, maxInFlight: 256 };
      try {
        const heat = await contest.run(entrant.module, { ...given, ...entrant.settings }, bytes, server, timing);
        heats.get(entrant)?.push(heat);
      } catch (thrown) {
        failed.set(entrant, thrown instanceof Error ? thrown.message : String(thrown));
      }
    }
  }
  const results = contest.entrants.map((entrant): Result => {
    const reason = failed.get(entrant);
    const found = { contest: contest.name, bytes, entrant: entrant.name, heats: heats.get(entrant) ?? [] };
    return reason === undefined ? found : { ...found, failed: reason };
  });
  console.log(`${tableOf(contest, bytes, results)}\n`);
  return results;
}

function tableOf({ name, about }: Contest, bytes: number, results: readonly Result[]): string {
  const lines = results.map((result) => {
    if (result.failed !== undefined) return `| ${result.entrant} | FAILED: ${result.failed} | | | | | |`;
    const rates = result.heats.map(({ rate }) => rate);
    const micros = (['senderMicros', 'receiverMicros', 'brokerMicros'] as const).map((of) =>
      figure(median(result.heats.map((heat) => heat[of]))),
    );
    const ratio = result === results[0] ? '' : `${ratioOf(results[0], result).toFixed(2)} ×`;
    const range = `${whole(Math.min(...rates))}–${whole(Math.max(...rates))}`;
    return `| ${[result.entrant, whole(median(rates)), range, ratio, ...micros].join(' | ')} |`;
  });
  const head = '| | messages/s | min–max | tenon is | publisher, CPU µs | subscriber, CPU µs | broker, CPU µs |';
  return [`## ${name}, ${bytes} B`, `\n${about}\n`, head, '|---|---|---|---|---|---|---|', ...lines].join('\n');
}

/** The median of the ratios within each repetition, which saw the same machine. */
function ratioOf(one: Result | undefined, other: Result): number {
  return median(other.heats.map(({ rate }, index) => (one?.heats[index]?.rate ?? Number.NaN) / rate));
}

function conclude(results: readonly Result[], natsServer: string): void {
  const verdicts = contests.flatMap(({ name, bars }) =>
    [100, 1_024].flatMap((bytes) => {
      const found = results.filter((one) => one.contest === name && one.bytes === bytes);
      return Object.entries(bars).map(([other, atLeast]) => {
        const theirs = found.find(({ entrant }) => entrant === other);
        const ratio = theirs === undefined ? Number.NaN : ratioOf(found[0], theirs);
        const bar = `${name}, ${bytes} B: tenon ≥ ${atLeast} × ${other}`;
        return { bar, found: `${ratio.toFixed(2)} ×`, outcome: ratio >= atLeast ? 'met' : 'NOT MET' };
      });
    }),
  );
  const rows = verdicts.map(({ bar, found, outcome }) => `| ${bar} | ${found} | ${outcome} |`);
  const judged = ['## Bars', '', '| bar | found | |', '|---|---|---|', ...rows].join('\n');
  console.log(judged);
  const broken = results.filter(({ failed }) => failed !== undefined).length;
  const missed = verdicts.filter(({ outcome }) => outcome !== 'met').length;
  if (isQuick) {
    console.log('\nA quick run: the bars above are not judged; a contestant passes where every message was right.');
    console.log(`\n${results.length - broken} passed, ${broken} failed, 0 skipped`);
  } else {
    const tables = contests.flatMap((contest) =>
      [100, 1_024].map((bytes) => {
        const found = results.filter((one) => one.contest === contest.name && one.bytes === bytes);
        return tableOf(contest, bytes, found);
      }),
    );
    const facts = circumstances(['tenon', 'msgpackr'], 'npm run bench -- pubsub');
    const where = { ...facts, versions: { ...facts.versions, 'nats-server': natsServer } };
    writePage('pubsub', [...tables, judged, `${method}.`].join('\n\n'), where, {
      method,
      outcomes: results,
      bars: verdicts,
    });
    tell(verdicts);
    console.log(`\n${verdicts.length - missed} passed, ${missed + broken} failed, 0 skipped`);
  }
  process.exitCode = broken > 0 || (!isQuick && missed > 0) ? 1 : 0;
}

function figure(micros: number): string {
  return Number.isNaN(micros) ? '' : micros.toFixed(1);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
