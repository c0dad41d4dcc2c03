import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { RawPeer } from '../raw/raw-peer.js';

export const smuggling: Row = {
  id: 'H-08',
  fault: 'requests that two readers would cut differently: CL and TE, two lengths, folded lines, bare LF, odd chunks',
  bar: '400 and close; nothing behind it is served, on a fresh connection and on a used one',
  quiet: true,
  tests: [
    {
      file: 'packages/core/test/port/whole-requests.test.ts',
      titles: [
        'a request with two lengths without an end, or against the rules, is refused on a used connection as on any',
        'a request in pieces, cut anywhere, is served once, on a fresh connection and on a used one',
      ],
    },
    {
      file: 'packages/core/test/port/claims.test.ts',
      titles: ['a claim sees the path byte for byte: nothing is decoded, folded or cut'],
    },
  ],

  async run(lab, { tested }) {
    const tests = await tested();
    const fleet = await lab.fleet({ wire: 'http/1.1' });
    const node = await fleet.start();
    const odd: string[] = [];
    let n = 0;
    for (const [name, bytes] of Object.entries(smuggles)) {
      for (const isUsed of [false, true]) {
        n += 1;
        await using peer = await RawPeer.open(node.address);
        if (isUsed) {
          peer.send(request(['Content-Length: 13'], '{"id":"first"}'.slice(0, 13)));
          await peer.until((said) => said.includes('\r\n\r\n'));
          peer.forget();
          peer.send(request(['Content-Length: 14'], '{"id":"first"}'));
          await peer.until((said) => said.includes('"first"'));
          peer.forget();
        }
        peer.send(bytes);
        const isClosed = await peer.closed(3_000);
        const status = peer.bytes.toString('latin1').slice(0, 12);
        if (!isClosed || status !== 'HTTP/1.1 400')
          odd.push(`${name}${isUsed ? ' (used)' : ''}: ${isClosed ? '' : 'open, '}${JSON.stringify(status)}`);
      }
    }
    const smuggled = fleet.executions().get('smuggled') ?? 0;
    return {
      n,
      figure: `${number(n - odd.length)} of ${number(n)} answered 400 and closed, ${smuggled} smuggled requests served; and ${tests} tests`,
      passed: odd.length === 0 && smuggled === 0,
      ...(odd.length === 0 ? {} : { notes: odd.join('; ') }),
    };
  },
};

function request(fields: readonly string[], rest: string, eol = '\r\n'): string {
  const head = ['POST /target/Target.Work HTTP/1.1', 'Host: a', 'Content-Type: application/json', ...fields];
  return `${head.join(eol)}${eol}${eol}${rest}`;
}

const inner = request(['Content-Length: 17'], '{"id":"smuggled"}');
const chunked = `0\r\n\r\n${inner}`;
const smuggles: Readonly<Record<string, string>> = {
  'CL and TE': request(['Content-Length: 5', 'Transfer-Encoding: chunked'], chunked),
  'TE and CL': request(['Transfer-Encoding: chunked', 'Content-Length: 5'], chunked),
  'two lengths': request(['Content-Length: 13', 'Content-Length: 0'], inner),
  'two equal lengths': request(['Content-Length: 13', 'Content-Length: 13'], `{"id":"outer"${inner}`),
  'a list of lengths': request(['Content-Length: 13, 13'], `{"id":"outer"${inner}`),
  'a signed length': request(['Content-Length: +13'], `{"id":"outer"${inner}`),
  'a hexadecimal length': request(['Content-Length: 0xd'], `{"id":"outer"${inner}`),
  'a folded line': request(['X-A: 1', ' Content-Length: 0', 'Content-Length: 13'], inner),
  'a folded encoding': request(['Transfer-Encoding:', ' chunked', 'Content-Length: 5'], chunked),
  'bare LF': request(['Content-Length: 13'], inner, '\n'),
  'bare LF in a line': request(['X-A: 1\nContent-Length: 0', 'Content-Length: 13'], inner),
  'bare CR in a line': request(['X-A: 1\rContent-Length: 0', 'Content-Length: 13'], inner),
  'a space before the colon': request(['Transfer-Encoding : chunked', 'Content-Length: 5'], chunked),
  'an unknown encoding': request(['Transfer-Encoding: xchunked'], chunked),
  'chunked that is not last': request(['Transfer-Encoding: chunked, identity'], chunked),
  'a NUL in a name': request(['Content-\0Length: 13', 'Content-Length: 0'], inner),
  'a chunk size with a sign': request(['Transfer-Encoding: chunked'], `-1\r\n\r\n${inner}`),
  'a chunk size with 0x': request(['Transfer-Encoding: chunked'], `0x0\r\n\r\n${inner}`),
  'a chunk line that ends in LF': request(['Transfer-Encoding: chunked'], `0\n\n${inner}`),
  'no host': `POST /target/Target.Work HTTP/1.1\r\nContent-Length: 0\r\n\r\n${inner}`,
};
