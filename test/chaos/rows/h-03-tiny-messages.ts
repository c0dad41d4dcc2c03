import { counted, ms, number } from '../harness/figures.js';
import { type Row, VoidRun } from '../harness/row.js';
import { goesFirst } from '../lab/goes-first.js';
import { TenonPeer } from '../raw/tenon-frames.js';

export const tinyMessages: Row = {
  id: 'H-03',
  fault: '100,000 tiny calls on tenon/1 in one write',
  bar: 'framing by iteration: no stack growth; other sockets served within 20 ms',
  tests: [
    {
      file: 'packages/transport-tcp/test/hostile.test.ts',
      titles: ['100,000 frames in one write are taken in turns, while others are served'],
    },
    {
      file: 'packages/core/test/port/whole-requests.test.ts',
      titles: ['more pipelined requests than the limit cut the connection, behind a whole one too'],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const fleet = await lab.fleet();
    // A tenth of the stack that Node.js gives: what recursed once a message would end the process.
    const node = await fleet.start({ flags: ['--stack-size=200'], wrapper: goesFirst('all') });
    const caller = await fleet.caller();
    const load = { endpoint: 'work', rate: 200, options: { timeoutMs: 5_000, maxAttempts: 1 } } as const;
    await caller.load({ ...load, name: 'warm-up', durationMs: 2_000 });
    const steady = counted(await caller.load({ ...load, name: 'steady', durationMs: 2_000 }));
    if (steady.latencyMs.max > 20)
      throw new VoidRun(`without any fault the slowest call took ${ms(steady.latencyMs.max)}`);

    // Bursts within the limits, so that code is warm.
    const warm = await TenonPeer.greeted(node.address);
    for (let turn = 1; turn <= 10; turn += 1) {
      warm.peer.send(warm.bytesOf(...Array.from({ length: 900 }, (_, slot) => warm.call(slot, turn, { id: 'warm' }))));
      for (let slot = 0; slot < 900; slot += 1) await warm.answer(slot, turn);
      warm.peer.forget();
    }
    warm.peer.socket.destroy();
    const tenon = await TenonPeer.greeted(node.address);
    await using peer = tenon.peer;
    const calls = Array.from({ length: 100_000 }, (_, n) =>
      tenon.call(n % 1_000, 1 + Math.floor(n / 1_000), { id: 'tiny' }),
    );
    const segments: Buffer[] = [];
    for (let at = 0; at < calls.length; at += 4_000) segments.push(tenon.bytesOf(...calls.slice(at, at + 4_000)));
    const bytes = Buffer.concat(segments);
    await node.report();
    const beside = caller.load({ ...load, name: 'beside', durationMs: 4_000 });
    await lab.pass(500);
    peer.send(bytes);
    const others = counted(await beside);
    const { executions, longestStall } = await node.report();
    const { ms: stalledMs, ownCpuMs } = longestStall;
    if (others.latencyMs.max > 20 && ownCpuMs <= 20) {
      throw new VoidRun(
        `the node stood still for ${ms(stalledMs)}, of which it computed ${ms(ownCpuMs)}: the machine was busy with others`,
      );
    }
    return {
      n: calls.length,
      figure: [
        `others: slowest ${ms(others.latencyMs.max)}, p99 ${ms(others.latencyMs.p99)} (before: ${ms(steady.latencyMs.max)} and ${ms(steady.latencyMs.p99)}), ${others.failed} failed`,
        `the loop stood still for ${ms(stalledMs)} at most, of which it computed ${ms(ownCpuMs)}`,
        `process ${node.process.isRunning ? 'lives' : 'is dead'}; and ${tests} tests`,
      ].join('; '),
      passed: others.latencyMs.max <= 20 && others.failed === 0 && node.process.isRunning,
      notes: `${number(executions)} executions in all, ${number(peer.receivedBytes)} bytes answered`,
    };
  },
};
