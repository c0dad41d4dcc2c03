import { randomUUID } from 'node:crypto';
import { number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { clientTls } from '../raw/client-tls.js';
import { RawPeer } from '../raw/raw-peer.js';
import { TenonPeer } from '../raw/tenon-frames.js';

export const secretsInErrors: Row = {
  id: 'H-17',
  fault: 'a handler throws an error with a secret in its text',
  bar: 'the caller sees code and id only; no byte of the secret on the wire',
  transports: 'each',
  together: 'all',
  tests: [
    {
      file: 'test/e2e/bad-handlers.test.ts',
      titles: ['a handler that throws a value like…', 'what a handler throws over mucp leaks nothing either'],
    },
    {
      file: 'packages/transport-http/test/streams.test.ts',
      titles: ['an error that is none of ours keeps its text to itself, also after the first message'],
    },
    {
      file: 'packages/transport-tcp/test/streams.test.ts',
      titles: ['what a producer throws that is no ServiceError stays where it was'],
    },
  ],

  async run(lab, { wire, tested }) {
    const tests = await tested();
    const fleet = await lab.fleet();
    const node = await fleet.start(wire === 'memory' ? { logLevel: 'silent' } : {});
    const caller = await fleet.caller();
    const secret = `hush-${randomUUID()}`;
    const odd: string[] = [];
    const n = 100;
    for (let call = 0; call < n; call += 1) {
      const found = await caller.call({
        name: `call-${call}`,
        endpoint: 'once',
        request: { throwText: `${secret} ${call}` },
      });
      const said = JSON.stringify(found);
      if (said.includes('hush')) odd.push(`told: ${said}`);
      if (!('code' in found) || found.code !== 'Internal' || !/[0-9a-f]{8}-[0-9a-f]{4}/.test(found.message))
        odd.push(said);
    }
    const bytes = wire === 'memory' ? 0 : await onTheWire(wire, node.address, secret, odd);
    const isLogged = wire === 'memory' || [...node.process.lines, node.process.errors].join('').includes(secret);
    return {
      n,
      figure: `${odd.length} of ${n} told more than Internal and an id; 0 of the secret in ${number(bytes)} raw bytes; logged on the node: ${isLogged ? 'yes' : 'no'}; and ${tests} tests`,
      passed: odd.length === 0 && isLogged && (wire === 'memory' || bytes > 50),
      ...(odd.length === 0 ? {} : { notes: odd.slice(0, 3).join('; ') }),
    };
  },
};

/** Asks by hand, and looks at every byte of the answer. Returns how many there were. */
async function onTheWire(wire: string, address: string, secret: string, odd: string[]): Promise<number> {
  const isTls = wire.endsWith('tls');
  const request = { id: 'raw', throwText: secret };
  if (wire.startsWith('tenon')) {
    const tenon = await TenonPeer.greeted(address, isTls ? clientTls(['tenon/1']) : undefined);
    await using peer = tenon.peer;
    peer.send(tenon.bytesOf(tenon.call(0, 1, request)));
    if ((await tenon.answer(0, 1)) !== 'error') odd.push('no error came');
    if (peer.bytes.includes('hush')) odd.push(`on the wire: ${peer.bytes}`);
    return peer.bytes.length;
  }
  await using peer = isTls ? await RawPeer.openTls(address, clientTls(['http/1.1'])) : await RawPeer.open(address);
  const body = JSON.stringify(request);
  peer.send(
    `POST /target/Target.Work HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await peer.closed(5_000);
  if (!peer.bytes.includes('"Internal"')) odd.push(`not answered: ${peer.bytes}`);
  if (peer.bytes.includes('hush')) odd.push(`on the wire: ${peer.bytes}`);
  return peer.bytes.length;
}
