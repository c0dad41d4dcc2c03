import { eventually } from '@tenon/conformance';
import { counted, failuresOf, ms, number, shareOf } from '../harness/figures.js';
import { type Row, VoidRun } from '../harness/row.js';
import type { FollowFindings } from '../nodes/long-streams.js';

export const longStreams: Row = {
  id: 'N-17',
  fault: '100 open streams, SIGTERM: half end in time, half outlast the drain',
  bar: 'told to move ≤ 100 ms; finish or move within 30 s; 0 messages lost; new calls refused as not executed',
  transports: 'each',
  together: 'all',

  async run(lab, { isLong, ready }) {
    const fleet = await lab.fleet();
    const drainTimeoutMs = isLong ? 30_000 : 5_000;
    const leaver = await fleet.start({ drainTimeoutMs });
    await fleet.start();
    // Two of them, so that neither has as many streams as an HTTP/2 connection carries, and one that has none.
    const readers = [await fleet.caller(), await fleet.caller()];
    const caller = await fleet.caller();
    await ready();
    const shortPieces = (drainTimeoutMs * 0.8) / everyMs;
    const longPieces = (drainTimeoutMs * 1.6) / everyMs;
    const lengths = Array.from({ length: streams / 2 }, (_, index) => (index % 2 === 0 ? shortPieces : longPieces));
    const order = { lengths, everyMs, bytes: 1_000 };
    const following = Promise.all(readers.map((reader) => reader.follow({ ...order, address: leaver.address })));
    const openNow = async (): Promise<number> => sum(await Promise.all(readers.map((reader) => reader.followed())));
    const allOpen = async (): Promise<void> => {
      const open = await openNow();
      if (open < streams) throw new Error(`${open} of ${streams} streams are open`);
    };
    await eventually(allOpen, { withinMs: 10_000 });
    const load = { name: 'once', endpoint: 'once', rate: 100, durationMs: 3_000, intervalMs: 10 } as const;
    const running = caller.load(load);
    await lab.pass(1_000);

    if ((await openNow()) < streams) throw new VoidRun('streams ended before the signal');
    const toldAt = performance.timeOrigin + performance.now();
    const leaving = leaver.terminate();
    await lab.pass(refusedAfterMs);
    const late = await caller.call({ endpoint: 'once', name: 'late', options: { address: leaver.address } });
    const { code, signal } = await leaving;
    const leftMs = performance.timeOrigin + performance.now() - toldAt;
    const calls = counted(await running);
    const found = togetherOf(await following);

    const answers = calls.answersByNode[leaver.name] ?? [];
    const toldMs = calls.beganAtEpochMs + answers.length * load.intervalMs - toldAt;
    const movedMs = Math.max(0, ...found.movedAtEpochMs.map((at) => at - toldAt));
    const exit = code === null ? `${signal}` : `${code}`;
    const refusal = 'node' in late ? 'answered' : `${late.code} (executed: ${late.executed})`;
    return {
      n: found.pieces,
      figure: [
        `last call that it answered was sent ${ms(toldMs)} after the signal`,
        `${number(found.whole)} of ${streams} streams whole, ${number(found.moved)} moved, by ${ms(movedMs)}`,
        `${shareOf(found.lost, found.pieces + found.lost)} messages lost, ${number(found.twice)} twice`,
        `a late call: ${refusal}`,
        `${shareOf(calls.failed, calls.sent)} new calls failed`,
        `exit code ${exit} after ${ms(leftMs)}`,
      ].join('; '),
      passed:
        answers.length > 0 &&
        toldMs <= 100 &&
        found.whole === streams &&
        found.moved === streams / 2 &&
        movedMs <= 30_500 &&
        found.lost === 0 &&
        found.twice === 0 &&
        'executed' in late &&
        late.executed === 'no' &&
        calls.failed === 0 &&
        exit === '0',
      notes: [
        ...[...found.breaks].map(([kind, count]) => `${number(count)} × ${kind}`),
        ...(calls.failed === 0 ? [] : [failuresOf(calls.failures)]),
      ].join('; '),
    };
  },
};

function togetherOf(all: readonly FollowFindings[]) {
  const total = (key: 'pieces' | 'lost' | 'twice' | 'whole' | 'moved'): number => sum(all.map((one) => one[key]));
  const breaks = new Map<string, number>();
  for (const [kind, count] of all.flatMap((one) => Object.entries(one.breaks))) {
    breaks.set(kind, (breaks.get(kind) ?? 0) + count);
  }
  return {
    pieces: total('pieces'),
    lost: total('lost'),
    twice: total('twice'),
    whole: total('whole'),
    moved: total('moved'),
    breaks,
    movedAtEpochMs: all.flatMap((one) => one.movedAtEpochMs),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

const streams = 100;
const everyMs = 100;
/** After the signal, when a call goes straight to the node that leaves. */
const refusedAfterMs = 300;
