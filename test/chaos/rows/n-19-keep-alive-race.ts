import { ms, number, shareOf } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { Fleet } from '../lab/fleet.js';
import type { Lab } from '../lab/lab.js';
import { Strangers } from '../lab/strangers.js';
import type { Wire } from '../lab/wire.js';
import { callAfterIdling, type IdleFindings, type IdleOrder } from '../nodes/idle-callers.js';

export const keepAliveRace: Row = {
  id: 'N-19',
  fault:
    'connections end after 1 s of idling, and each caller calls 990 to 1,010 ms after its last call; not idempotent',
  bar: '0 failed, 0 duplicated of 20,000 POSTs over HTTP/1.1; Connection: close before closing',
  transports: 'each',
  together: 'pairs',

  async run(lab, { wire, isLong, note, ready }) {
    const fleet = await lab.fleet();
    const node = await fleet.start({ server: { idleConnectionMs: idleMs } });
    const { callers, rounds } = sizeOf(wire, isLong);
    const began = performance.now();
    const call = await callersOf(lab, fleet, callers);
    await ready();
    note(`${number(callers)} callers made in ${ms(performance.now() - began)}`);
    const order = { name: 'idle', rounds, leastIdleMs: idleMs - 10, mostIdleMs: idleMs + 10 };
    const [host = '', port] = node.address.split(':');
    const strangers = new Strangers(host, Number(port));
    const [found, seen] = await Promise.all([
      call(order),
      // The server ends a connection a second after the time that it told, at the next look.
      wire === 'http/1.1' ? strangers.run(200, rounds / 3, () => 1_900 + Math.random() * 2_200) : undefined,
    ]);

    const executions = fleet.executions();
    const twice = [...executions.values()].filter((count) => count > 1).length;
    const missing = [...found.ids, ...strangers.served].filter((id) => !executions.has(id)).length;
    const isPolite =
      seen === undefined ||
      (seen.ended > 0 && seen.announced === seen.ended && seen.served + seen.refused === seen.sent);
    const strangeness = seen && [
      `strangers: ${number(seen.announced)} of ${number(seen.ended)} ends said Connection: close`,
      `${number(seen.sent - seen.served - seen.refused)} of ${number(seen.sent)} POSTs without an answer, ${number(seen.refused)} told that nothing ran`,
    ];
    return {
      n: found.ids.length,
      figure: [
        `${shareOf(found.failed, found.ids.length)} failed`,
        `executed twice: ${twice}`,
        ...(strangeness ?? []),
      ].join('; '),
      passed: found.failed === 0 && twice === 0 && missing === found.failed && isPolite,
      notes: [
        `slowest ${ms(found.slowestMs)}`,
        ...Object.entries(found.failures).map(([kind, count]) => `${number(count)} × ${kind}`),
      ].join('; '),
    };
  },
};

/** HTTP/1.1 is what the fault is about; under TLS each new connection costs a handshake. */
function sizeOf(wire: Wire, isLong: boolean): { readonly callers: number; readonly rounds: number } {
  if (wire === 'http/1.1' || isLong) return { callers: 800, rounds: 25 };
  return { callers: 200, rounds: 12 };
}

/** Callers whose own side ends idle connections too, where the wire leaves that to them. */
async function callersOf(lab: Lab, fleet: Fleet, count: number): Promise<(order: IdleOrder) => Promise<IdleFindings>> {
  const client =
    lab.wire === 'tenon/1' || lab.wire.endsWith('/1+tls') || lab.wire === 'memory' ? { idleConnectionMs: idleMs } : {};
  if (lab.wire !== 'memory') {
    const process = await lab.process(
      'call-idle',
      { ...fleet.meeting, callers: count, client },
      { name: 'the callers' },
    );
    return (order) => process.ask('idle', order, order.rounds * order.mostIdleMs + 60_000);
  }
  const callers = await Promise.all(Array.from({ length: count }, () => fleet.caller({ client })));
  const calls = callers.map((caller) => (name: string) => caller.call({ endpoint: 'once', name }));
  return (order) => callAfterIdling(calls, order);
}

const idleMs = 1_000;
