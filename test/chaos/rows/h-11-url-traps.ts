import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import type { FleetNode } from '../lab/fleet.js';
import { clientTls } from '../raw/client-tls.js';
import { RawPeer } from '../raw/raw-peer.js';

export const urlTraps: Row = {
  id: 'H-11',
  fault: 'URL and percent traps on every HTTP endpoint, health included: //, %, %zz, %00, \\, http://[, dots, 16 KiB',
  bar: '4xx, or 501 where a trap leaves the name of a service that is not there; never an exception, and the next request is served',
  quiet: true,

  async run(lab) {
    const sites = [
      { wire: 'http/1.1', node: await (await lab.fleet({ wire: 'http/1.1' })).start({ logLevel: 'warn' }) },
      { wire: 'h2+tls', node: await (await lab.fleet({ wire: 'h2+tls' })).start({ logLevel: 'warn' }) },
    ] as const;
    const odd: string[] = [];
    let n = 0;
    for (const { wire, node } of sites) {
      const open = (): Promise<RawPeer> =>
        wire === 'http/1.1' ? RawPeer.open(node.address) : RawPeer.openTls(node.address, clientTls(['http/1.1']));
      for (const method of ['GET', 'POST', 'HEAD']) {
        for (const path of endpoints.flatMap((endpoint) => traps.map((trap) => trap(endpoint)))) {
          n += 1;
          const status = await statusOf(open, method, path);
          // Well formed, and nobody's: that a service is not there is 501.
          if (!(status >= 400 && status < 500) && status !== 501)
            odd.push(`${wire}: ${method} ${path.slice(0, 40)} → ${status}`);
        }
      }
      const well = await statusOf(open, 'POST', '/target/Target.Work', '{"id":"well"}');
      if (well !== 200) odd.push(`${wire}: the next call → ${well}`);
    }
    const errors = sites.flatMap(({ node }) => errorsOf(node));
    return {
      n,
      figure: `${number(n - odd.length)} of ${number(n)} answered 4xx or 501; ${errors.length} errors in the logs of 2 nodes`,
      passed: odd.length === 0 && errors.length === 0,
      notes: [...odd.slice(0, 12), ...errors.slice(0, 3)].join('; '),
    };
  },
};

const endpoints = [
  '/target/Target.Work',
  '/health',
  '/health/live',
  '/health/ready',
  '/docs',
  '/openapi.json',
  '/rpc',
  '/',
];

const traps: readonly ((path: string) => string)[] = [
  (path) => `/${path}`,
  (path) => `${path}//x`,
  (path) => `${path}/%`,
  (path) => `${path}/%2`,
  (path) => `${path}/%zz`,
  (path) => `${path}/%00`,
  (path) => `${path}/%C0%AE`,
  (path) => `${path}/%2e%2e/x`,
  (path) => `${path}/../x`,
  (path) => `${path}%2f`,
  (path) => `${path}\\x`,
  (path) => `${path};a=b/x`,
  (path) => `http://[${path}`,
  (path) => `http://[::1${path}`,
  (path) => `//[${path}`,
  (path) => path.slice(1) || 'x',
  (path) => `${path}/${'a'.repeat(16_384)}`,
  (path) => `${path}/__proto__`,
];

/** NaN where the connection was closed without an answer. */
async function statusOf(open: () => Promise<RawPeer>, method: string, path: string, body = ''): Promise<number> {
  await using peer = await open();
  const fields = `Host: a\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  peer.send(`${method} ${path} HTTP/1.1\r\n${fields}\r\n\r\n${body}`);
  await peer.until((bytes) => bytes.includes('\r\n\r\n'), 2_000).catch(() => false);
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(peer.bytes.toString('latin1', 0, 20))?.[1] ?? Number.NaN);
}

function errorsOf({ process }: FleetNode): readonly string[] {
  const lines = [...process.lines, ...process.errors.split('\n')];
  return lines.filter((line) => /\berror\b|Error:|at .*\.js:\d+/i.test(line));
}
