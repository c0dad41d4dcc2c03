import { counted, failuresOf, ms, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { EtcdKeys } from '../lab/etcd-keys.js';
import { FakeTime } from '../lab/fake-time.js';

export const wallClock: Row = {
  id: 'S-01',
  fault:
    'wall clocks of nodes and callers 1 h ahead, 1 h behind, and set 10 s forward or back each second; etcd killed for 2 s',
  bar: '0 failed; deadlines, leases and backoff go by the monotonic clock: a deadline of 500 ms ends after 450 to 750 ms, no lease is lost',
  quiet: true,

  async run(lab, { isLong }) {
    await lab.needs('faketime');
    const time = lab.own(new FakeTime());
    const clocks = [time.shifted('+1h'), time.shifted('-1h'), time.stepping(10), time.stepping(-10)];
    const etcd = await lab.server('etcd');
    const keys = new EtcdKeys(etcd.address);
    const fleet = await lab.fleet({ etcd: etcd.address });
    const nodes = await Promise.all(clocks.map((wrapper) => fleet.start({ wrapper, logLevel: 'warn' })));
    const callers = await Promise.all(clocks.map((wrapper) => fleet.caller({ wrapper, watches: true })));
    const load = { endpoint: 'once', rate: 100 } as const;
    await Promise.all(callers.map((caller) => caller.load({ ...load, name: 'warm-up', durationMs: 2_000 })));

    const durationMs = isLong ? 60_000 : 15_000;
    const loads = callers.map((caller, index) => caller.load({ ...load, name: `clock-${index}`, durationMs }));
    const late = await Promise.all(
      callers.map(async (caller, index) => {
        const ended: number[] = [];
        for (let time = 0; time < 6; time += 1) {
          const options = { timeoutMs: 500, maxAttempts: 1 };
          const call = {
            endpoint: 'work',
            name: `late-${index}-${time}`,
            request: { delayMs: 5_000 },
            options,
          } as const;
          const found = await caller.call(call);
          ended.push('code' in found && found.code === 'DeadlineExceeded' ? found.elapsedMs : Number.NaN);
        }
        return ended;
      }),
    );
    const deadlines = late.flat();
    await etcd.kill();
    await lab.pass(2_000);
    await etcd.start();
    await lab.pass(5_000);
    const entries = (await keys.list('/chaos/')).length;
    const found = (await Promise.all(loads)).map(counted);

    const sent = found.reduce((sum, one) => sum + one.sent, 0);
    const failed = found.reduce((sum, one) => sum + one.failed, 0);
    const sets = (await Promise.all(callers.map((caller) => caller.sets()))).flat();
    const fewest = Math.min(...sets.flatMap(({ addresses }) => addresses?.length ?? []));
    const lost = nodes.filter(({ process }) => process.errors.includes('the registry lost our entry')).length;
    return {
      n: sent,
      figure: [
        `${shareOf(failed, sent)} failed`,
        `${deadlines.length} deadlines of 500 ms ended after ${ms(Math.min(...deadlines))} to ${ms(Math.max(...deadlines))}`,
        `${lost} of ${nodes.length} leases lost, nodes known, at least: ${fewest} of 4; ${entries} entries 5 s after etcd’s return`,
      ].join('; '),
      passed:
        failed === 0 &&
        lost === 0 &&
        fewest === 4 &&
        entries === 4 &&
        deadlines.every((one) => one >= 450 && one <= 750),
      ...(failed === 0 ? {} : { notes: failuresOf(found.flatMap(({ failures }) => failures)) }),
    };
  },
};
