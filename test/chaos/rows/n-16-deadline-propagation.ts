import { counted, failuresOf, ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { startChain } from '../lab/chain.js';
import type { HopReport } from '../nodes/hop.js';

export const deadlinePropagation: Row = {
  id: 'N-16',
  fault: 'calls through 4 hops with 200 ms, each working 30 to 90 ms; then callers that leave',
  bar: '0 work started after expiry; each hop sees remaining ≤ previous; cancel reaches the last hop ≤ 50 ms',
  transports: 'each',
  together: 'pairs',

  async run(lab, { isLong, ready }) {
    const chain = await startChain(lab, ['hop-a', 'hop-b', 'hop-c', 'hop-d']);
    const load = { rate: 50, durationMs: isLong ? 60_000 : 5_000 } as const;
    await ready();
    await chain.load({ ...load, name: 'warm-up', durationMs: 1_000 });
    await Promise.all(chain.hops.map((hop) => hop.settings({ leastWorkMs: 30, mostWorkMs: 90 })));
    const timed = counted(await chain.load({ ...load, name: 'timed', timeoutMs }));
    // Three hops are over by then, and the last works on.
    await Promise.all(chain.hops.map((hop, index) => hop.settings({ leastWorkMs: index === 3 ? 2_000 : 20 })));
    const left = counted(await chain.load({ ...load, name: 'left', timeoutMs: 10_000, leaveAfterMs: 300 }));

    // The last of them is still on its way, within the bound.
    await lab.pass(200);
    const reports = await Promise.all(chain.hops.map((hop) => hop.report()));
    const begun = reports.map((report) => begunOf(report, 'timed-'));
    const expired = begun.flatMap((hop) => [...hop.values()].filter(({ leftMs }) => leftMs < -timerMs)).length;
    // What travels is the time left, so a hop knows the end as late as its request was on the way.
    const lateMs = begun.map((hop) =>
      Math.max(...[...hop].map(([n, { atEpochMs }]) => atEpochMs - (timed.beganAt[n] ?? 0) - timeoutMs)),
    );
    const grown = begun.slice(1).flatMap((hop, index) => {
      const previous = begun[index];
      return [...hop].filter(([n, { leftMs }]) => leftMs > (previous?.get(n)?.leftMs ?? 0));
    }).length;
    const feltMs = (reports[3]?.felt ?? [])
      .filter(({ id }) => id.startsWith('left-'))
      .map(({ id, atEpochMs }) => atEpochMs - (left.leftAt[Number(id.slice('left-'.length))] ?? Number.NaN));
    const slowestMs = Math.max(...feltMs);
    const reached = begunOf(reports[3], 'left-').size;
    const latestMs = Math.max(...lateMs);
    return {
      n: timed.sent + left.sent,
      figure: [
        `${number(expired)} begun after expiry, the latest start ${ms(latestMs)} after the caller's deadline`,
        `${number(grown)} of ${number(begun.reduce((sum, hop) => sum + hop.size, 0))} saw more time than the hop before`,
        `${number(feltMs.length)} of ${number(reached)} felt the caller leave at the last hop, ${ms(slowestMs)} later at most`,
      ].join('; '),
      passed:
        expired === 0 &&
        latestMs <= onTheWayMs &&
        grown === 0 &&
        feltMs.length >= reached &&
        reached > left.sent * 0.9 &&
        slowestMs <= 50 &&
        // Some must have run out of time on the way, and some come through.
        timed.failed > timed.sent * 0.1 &&
        timed.failures.every(({ code }) => code === 'DeadlineExceeded'),
      notes: failuresOf([...timed.failures, ...left.failures]),
    };
  },
};

/** What a hop began of one load, by the number of the call. */
function begunOf(report: HopReport | undefined, prefix: string): ReadonlyMap<number, HopReport['began'][number]> {
  const own = (report?.began ?? []).filter(({ id }) => id.startsWith(prefix));
  return new Map(own.map((began) => [Number(began.id.slice(prefix.length)), began]));
}

const timeoutMs = 200;
/** As exact as a timer is: a call that arrives with a tenth of a millisecond has none when its handler looks. */
const timerMs = 1;
/** What all requests of a chain may take on their way, busy machines included; no hop knows of it. */
const onTheWayMs = 50;
