import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saidBy } from '../harness/program.js';
import type { Stranger } from '../harness/stranger.js';
import { certificate, served } from '../tenon/served.js';

/** nghttp2's load generator: that many calls on many connections come out well, whatever it measures. */
export const h2load: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    const program = await meeting.machine.program('h2load', 'nghttp2-client');
    meeting.version = (await saidBy(program, ['--version'])).trim().replace(/^h2load /, '');
    const folder = mkdtempSync(join(tmpdir(), 'tenon-h2load-'));
    try {
      const { cert, key } = certificate();
      await using clear = await served({ server });
      await using secret = await served({ server, tls: { cert, key } });
      const [inTheClear, underTls] = [`http://127.0.0.1:${clear.port}`, `https://127.0.0.1:${secret.port}`];
      const body = join(folder, 'request.json');
      writeFileSync(body, '{"name":"Ada"}');
      const call = ['-d', body, '-H', 'content-type: application/json'];
      const shapes = {
        '20,000 calls, 8 connections of 16 streams each': ['-n', '20000', '-c', '8', '-m', '16'],
        '5,000 calls, one connection of 100 streams': ['-n', '5000', '-c', '1', '-m', '100'],
        '2,000 calls, 200 connections of one stream each': ['-n', '2000', '-c', '200', '-m', '1'],
      };
      for (const [way, url, args] of [
        ['HTTP/2 in the clear', inTheClear, []],
        ['HTTP/2 under TLS', underTls, []],
        ['HTTP/1.1', inTheClear, ['--h1']],
        ['HTTP/1.1 under TLS', underTls, ['--h1']],
      ] as const) {
        for (const [shape, figures] of Object.entries(shapes)) {
          await meeting.case(`${way}: ${shape}`, async () => {
            const said = await saidBy(program, [...args, ...figures, ...call, `${url}/greeter/Greeter.Hello`]);
            const [asked = '', succeeded] = /requests: .*?(\d+) done, (\d+) succeeded/.exec(said)?.slice(1) ?? [];
            const [ok] = /status codes: (\d+) 2xx/.exec(said)?.slice(1) ?? [];
            assert.deepEqual([asked, succeeded, ok], Array(3).fill(figures[1]), said);
            assert.match(
              said,
              way.startsWith('HTTP/2') ? /Application protocol: h2/ : /Application protocol: http\/1.1/,
            );
          });
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** As much load as there can be makes a node turn calls away, as it says; here each one is to be served. */
const server = { concurrency: false, queue: { targetMs: 10_000, intervalMs: 10_000 } } as const;
