import { eventually } from '@tenon/conformance';
import { ms, number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { Relay } from '../lab/relay.js';
import type { ClientsOrder } from '../nodes/clients.js';

export const thunderingHerd: Row = {
  id: 'R-12',
  fault: '64 clients lose etcd together, for 35 s (long: 60 s)',
  bar: '≤ 25 % of them connect again in any 1 s; backoff 1 s × 1.6 ± 20 %, seen in the log, never over 120 s',
  quiet: true,

  async run(lab, { isLong, note }) {
    const awayMs = isLong ? 60_000 : 35_000;
    const etcd = await lab.server('etcd');
    const fleet = await lab.fleet({ etcd: etcd.address });
    await fleet.start({ server: { ttlMs: 120_000 } });
    const relays = await Promise.all(Array.from({ length: clients }, () => Relay.before(etcd.address)));
    for (const relay of relays) lab.own(relay);
    const processes = await Promise.all(
      Array.from({ length: 4 }, (_, index) => {
        const etcds = relays.slice(index * 16, (index + 1) * 16).map(({ address }) => address);
        const order: ClientsOrder = { ...fleet.meeting, etcds };
        return lab.process('clients', order);
      }),
    );

    const lostAt = performance.now();
    await etcd.kill();
    await lab.pass(awayMs);
    await etcd.start();
    const backAt = performance.now();
    const attempts = relays.map(({ acceptedAt }) => acceptedAt.filter((at) => at > lostAt && at < backAt).length);
    note(`attempts of each client while etcd was away: ${Math.min(...attempts)} to ${Math.max(...attempts)}`);
    const firstAfter = (relay: Relay): number | undefined => relay.acceptedAt.find((at) => at >= backAt);
    await eventually(
      () => {
        const back = relays.filter((relay) => firstAfter(relay) !== undefined).length;
        if (back < clients) throw new Error(`${back} of ${clients} clients have connected again`);
      },
      { withinMs: awayMs + 10_000, everyMs: 100 },
    );
    const seconds = relays.map((relay) => ((firstAfter(relay) ?? 0) - backAt) / 1_000);
    const buckets = seconds.map((one) => seconds.filter((other) => Math.floor(other) === Math.floor(one)).length);
    const share = Math.max(...buckets) / clients;

    const waits = processes.flatMap((one) => waitsIn(one.process.errors));
    const unlike = waits.filter(({ attempt, waitMs }) => {
      const middleMs = 1_000 * 1.6 ** (attempt - 1);
      return waitMs < 0.8 * middleMs - 1 || waitMs > Math.min(1.2 * middleMs, 120_000) + 1;
    });
    return {
      n: clients,
      figure: [
        `at most ${percent(share)} in one second, all within ${ms(1_000 * Math.max(...seconds))}`,
        `${number(waits.length - unlike.length)} of ${number(waits.length)} waits in the log are 1 s × 1.6 ± 20 %, the longest ${ms(Math.max(...waits.map(({ waitMs }) => waitMs)))}`,
      ].join('; '),
      passed: share <= 0.25 && unlike.length === 0 && waits.length >= 5 * clients,
      notes: `clients by the second of their return: ${perSecond(seconds)}; attempts while it was away: ${Math.min(...attempts)} to ${Math.max(...attempts)} each`,
    };
  },
};

const clients = 64;

/** What the log says of each wait: which it was, and how long. */
function waitsIn(log: string): readonly { readonly attempt: number; readonly waitMs: number }[] {
  return log.split('\n').flatMap((line) => {
    if (!line.includes('"a watch is tried again"')) return [];
    const { attempt, waitMs } = JSON.parse(line) as { attempt: number; waitMs: number };
    return [{ attempt, waitMs }];
  });
}

/** `0 4 9 12 3`: how many in the first second, the second one, and so on. */
function perSecond(seconds: readonly number[]): string {
  const counts: number[] = Array.from({ length: Math.floor(Math.max(...seconds)) + 1 }, () => 0);
  for (const one of seconds) counts[Math.floor(one)] = (counts[Math.floor(one)] ?? 0) + 1;
  return counts.join(' ');
}
