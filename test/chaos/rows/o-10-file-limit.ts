import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { number, percent } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { CallFindings } from '../nodes/orders.js';
import { RawPeer } from '../raw/raw-peer.js';

export const fileLimit: Row = {
  id: 'O-10',
  fault: 'a node that may have 64 files open, and 150 connections; a caller that has none left',
  bar: 'accepts pause and resume; no spin: CPU ≤ 20 %; no crash; outbound errors are Unavailable',

  async run(lab) {
    const fleet = await lab.fleet({ wire: 'http/1.1' });
    const node = await fleet.start();
    limitFiles(node.process.pid);
    const peers: RawPeer[] = [];
    lab.atEnd(() => {
      for (const { socket } of peers) socket.destroy();
    });
    for (let n = 0; n < 150; n += 1) {
      const peer = await RawPeer.open(node.address).catch(() => undefined);
      if (peer === undefined) continue;
      peer.send(
        'POST /target/Target.Work HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"id":"one"}'.slice(
          0,
          -1,
        ),
      );
      peers.push(peer);
    }
    await lab.pass(500);
    const before = cpuMsOf(node.process.pid);
    const from = performance.now();
    await lab.pass(3_000);
    const cpuShare = (cpuMsOf(node.process.pid) - before) / (performance.now() - from);
    const held = peers.filter(({ isOpen }) => isOpen).length;
    for (const { socket } of peers.splice(0)) socket.destroy();
    // Room again, once it has heard of it: it serves whoever comes.
    await lab.pass(250);
    let resumed = 0;
    for (let n = 0; n < 20; n += 1) {
      const peer = await RawPeer.open(node.address);
      peers.push(peer);
      const body = '{"id":"again"}';
      peer.send(
        `POST /target/Target.Work HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      if (await peer.until((said) => said.includes('"again"'), 5_000).catch(() => false)) resumed += 1;
    }

    const other = await lab.fleet({ wire: 'tenon/1' });
    const target = await other.start();
    const caller = await other.caller();
    limitFiles(caller.process.pid);
    const taken = await caller.ask<number>('useUpFiles', '', 10_000);
    const outbound: CallFindings[] = [];
    for (let n = 0; n < 10; n += 1) {
      const options = { timeoutMs: 5_000, maxAttempts: 1, address: target.address };
      outbound.push(await caller.call({ name: `none-left-${n}`, endpoint: 'once', options }));
    }
    await caller.ask('giveFilesBack', '', 10_000);
    const options = { timeoutMs: 10_000, waitForReady: true };
    const healed = await caller.call({ name: 'healed', endpoint: 'work', options });
    const codes = [
      ...new Set(outbound.map((one) => ('code' in one ? `${one.code} (executed: ${one.executed})` : 'none'))),
    ];
    const alive = [node, caller, target].every(({ process }) => process.isRunning);
    return {
      n: 150,
      figure: `${number(held)} of 150 connections held; CPU ${percent(cpuShare)}; ${resumed} of 20 served once there was room; outbound: ${codes.join(', ')}; ${alive ? 'no crash' : 'crashed'}`,
      passed:
        cpuShare <= 0.2 &&
        resumed === 20 &&
        alive &&
        taken > 0 &&
        codes.every((code) => code.startsWith('Unavailable')) &&
        'node' in healed,
      notes: 'code' in healed ? `not healed: ${healed.message}` : `the caller had ${taken} files left`,
    };
  },
};

/** From now on, since loading its modules takes more than that. */
function limitFiles(pid: number | undefined): void {
  execFileSync('prlimit', ['--pid', String(pid), '--nofile=64:64']);
}

/** As the system counts it: the node itself has no file left in which to look. */
function cpuMsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const ticksMs = 10;
  return (Number(fields[11]) + Number(fields[12])) * ticksMs;
}
