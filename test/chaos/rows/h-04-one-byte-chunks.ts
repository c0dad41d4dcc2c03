import { FaultProxy, faults } from '@tenon/testing/fault-proxy';
import { ms, number, times } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { LabProcess } from '../lab/lab-process.js';
import type { SlicingFindings } from '../nodes/slicing.js';
import { RawPeer } from '../raw/raw-peer.js';

export const oneByteChunks: Row = {
  id: 'H-04',
  fault: 'one message of 4 MiB in chunks of one byte',
  bar: 'linear: ≤ 2× the time of one chunk + what handing over so many chunks costs',
  tests: [
    {
      file: 'packages/transport-http/test/fuzz.test.ts',
      titles: ['a body of 4 MiB in slices of one byte takes time in proportion to its length'],
    },
  ],

  async run(lab, { tested, note }) {
    const tests = await tested();
    const process = lab.own(await LabProcess.start('slicing', {}));
    const quarter = await process.ask<SlicingFindings>('slicing', 1_048_576, 120_000);
    note(`1 MiB: ${ms(quarter.slicedMs)}`);
    const found = await process.ask<SlicingFindings>('slicing', 4 * 1_048_576, 120_000);
    const perChunkMs = await socketCost(process);
    const socketMs = perChunkMs * found.bytes;
    const growth = found.slicedMs / quarter.slicedMs;
    const over = (found.slicedMs - found.bareMs + socketMs) / (found.wholeMs + socketMs);
    return {
      n: found.bytes,
      figure: `${times(over)} of one chunk and the sockets; 4 times the length took ${times(growth)}; and ${tests} tests`,
      passed: over <= 2 && found.received === 3 && growth < 8,
      notes: [
        `CPU: ${ms(found.slicedMs)} byte by byte, ${ms(found.wholeMs)} in one chunk, ${ms(found.bareMs)} for a stream with so many chunks`,
        `${(perChunkMs * 1_000).toFixed(1)} µs for a chunk of a plain socket, ${ms(socketMs)} for all`,
        `${number(found.received)} of 3 messages arrived`,
      ].join('; '),
    };
  },
};

/** Sends single bytes to a plain server in the process, through a proxy that keeps them apart. */
async function socketCost(process: LabProcess): Promise<number> {
  const chunks = 20_000;
  const cost = process.ask<number>('socketCost', chunks, 60_000);
  const port = await process.process.message((message) => (message as { costsAt?: number }).costsAt, 10_000);
  await using proxy = await FaultProxy.start({ host: '127.0.0.1', port });
  proxy.inject(faults.slices());
  await using peer = await RawPeer.open(proxy.address);
  peer.send(Buffer.alloc(chunks));
  return await cost;
}
