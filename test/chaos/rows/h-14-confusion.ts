import { randomBytes } from 'node:crypto';
import { ms, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { VoidRun } from '../harness/row.js';
import { goesFirst, goFirst } from '../lab/goes-first.js';
import type { Wire } from '../lab/wire.js';
import { StallWatch } from '../nodes/stall-watch.js';
import { clientTls } from '../raw/client-tls.js';
import { RawPeer } from '../raw/raw-peer.js';
import { preamble } from '../raw/tenon-frames.js';

export const confusion: Row = {
  id: 'H-14',
  fault:
    'the wrong protocol: HTTP to tenon/1, TLS to a port in the clear and the other way, gRPC to JSON, random 1 KiB',
  bar: 'closed (a request that can be answered: answered) ≤ 100 ms, with one log line, rate-limited',
  tests: [
    { file: 'packages/transport-tcp/test/hostile.test.ts', titles: ['another protocol is closed at once'] },
    {
      file: 'packages/core/test/port/refusals.test.ts',
      titles: [
        'HTTP to a port that has another protocol alone is refused, and told so',
        'random bytes are refused at once on every protocol, with one line in the log',
        'TLS to a port in the clear is closed, and the log says so once',
        'HTTP in the clear to a port under TLS is answered that it speaks TLS',
      ],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const start = async (wire: Wire) =>
      (await lab.fleet({ wire })).start({ logLevel: 'warn', wrapper: goesFirst('all') });
    const [tcp, tcpTls, http, httpTls] = await Promise.all([
      start('tenon/1'),
      start('tenon/1+tls'),
      start('http/1.1'),
      start('h2+tls'),
    ]);
    const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    // The beginning of a ClientHello.
    const clientHello = Buffer.concat([Buffer.from('16030100f1010000ed0303', 'hex'), randomBytes(230)]);
    const http2 = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0';
    const open = (node: { readonly address: string }) => () => RawPeer.open(node.address);
    const openTls = (node: { readonly address: string }, protocols: readonly string[]) => () =>
      RawPeer.openTls(node.address, clientTls(protocols));
    const cases: readonly (readonly [string, () => Promise<RawPeer>, () => Uint8Array | string])[] = [
      ['HTTP to tenon/1', open(tcp), () => get],
      ['HTTP to tenon/1 under TLS', openTls(tcpTls, ['tenon/1']), () => get],
      ['HTTP to a port under TLS', open(httpTls), () => get],
      ['tenon/1 to HTTP', open(http), () => preamble],
      ['tenon/1 to HTTP under TLS', openTls(httpTls, ['http/1.1']), () => preamble],
      ['TLS to tenon/1 in the clear', open(tcp), () => clientHello],
      ['TLS to HTTP in the clear', open(http), () => clientHello],
      ['HTTP/2 in the clear to HTTP/1.1', open(http), () => http2],
      [
        'gRPC to JSON',
        open(http),
        () =>
          `POST /target/Target.Work HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0`,
      ],
      ...[open(tcp), open(http), open(httpTls), openTls(tcpTls, ['tenon/1']), openTls(httpTls, ['http/1.1'])].map(
        (opened, index) => [`random to port ${index + 1}`, opened, () => randomBytes(1_024)] as const,
      ),
    ];
    lab.atEnd(goFirst());
    const watch = new StallWatch();
    const odd: string[] = [];
    let slowestMs = 0;
    let n = 0;
    const times = 20;
    for (const [name, opened, bytes] of cases) {
      for (let time = 0; time < times; time += 1) {
        n += 1;
        await using peer = await opened();
        peer.restartClock();
        peer.send(bytes());
        // Whoever asks in HTTP a port that knows HTTP gets its answer, and may ask again.
        const mayAsk = /^(HTTP|gRPC)/.test(name);
        const isOver = mayAsk ? peer.until((said) => said.length > 0, 2_000).then(() => true) : peer.closed(2_000);
        const isAnswered = await isOver.catch(() => false);
        slowestMs = Math.max(slowestMs, peer.livedMs);
        if (!isAnswered || peer.livedMs > 100) odd.push(`${name}: ${isAnswered ? ms(peer.livedMs) : 'open'}`);
      }
    }
    const { ms: stalledMs } = watch.stop();
    if (odd.length > 0 && slowestMs < 2_000 && stalledMs > 50)
      throw new VoidRun(`the lab itself was held up for ${ms(stalledMs)}`);
    const lines = [tcp, tcpTls, http, httpTls].map(
      ({ process }) => process.lines.length + process.errors.split('\n').filter((line) => line !== '').length,
    );
    const total = lines.reduce((sum, one) => sum + one, 0);
    return {
      n,
      figure: `slowest ${ms(slowestMs)}, ${number(odd.length)} of ${number(n)} late or open; ${number(total)} log lines on 4 nodes for ${number(n)} connections; and ${tests} tests`,
      // One line each of a kind and a while, not one each time.
      passed: odd.length === 0 && total >= 3 && total <= n / 2,
      ...(odd.length === 0 ? {} : { notes: [...new Set(odd)].slice(0, 8).join('; ') }),
    };
  },
};
