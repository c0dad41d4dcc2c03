import { mib, number } from '../harness/figures.js';
import type { Row } from '../harness/row.js';
import { growthOf, peak } from '../lab/memory-growth.js';
import { clientTls } from '../raw/client-tls.js';
import { RawPeer } from '../raw/raw-peer.js';
import { frame, frameTypes, idOf, segmentHeader, TenonPeer } from '../raw/tenon-frames.js';

export const giantLengths: Row = {
  id: 'T-06',
  fault:
    'lengths that claim gigabytes: segments and frames of tenon/1, bodies of HTTP/1.1, frames and messages of HTTP/2',
  bar: 'rejected from the header, before allocation; RSS ≤ +1 MiB',

  async run(lab) {
    const tcp = await lab.fleet({ wire: 'tenon/1' });
    const http = await lab.fleet({ wire: 'http/1.1' });
    const h2 = await lab.fleet({ wire: 'h2+tls' });
    // A small young generation, so that garbage of connections is not taken for memory that a length has claimed.
    const flags = ['--max-semi-space-size=1'];
    const [tcpNode, httpNode, h2Node] = await Promise.all([tcp, http, h2].map((fleet) => fleet.start({ flags })));
    if (tcpNode === undefined || httpNode === undefined || h2Node === undefined) throw new Error('a node is missing');
    const attacks: readonly {
      readonly what: string;
      readonly node: typeof tcpNode;
      readonly attack: () => Promise<boolean>;
    }[] = [
      { what: 'segment', node: tcpNode, attack: () => afterGreeting(tcpNode.address, segmentHeader(0xffffff, 0)) },
      { what: 'frame', node: tcpNode, attack: () => afterGreeting(tcpNode.address, giantFrame()) },
      { what: 'content-length 2^31-1', node: httpNode, attack: () => body(httpNode.address, 2 ** 31 - 1) },
      { what: 'content-length 4 GiB', node: httpNode, attack: () => body(httpNode.address, 2 ** 32) },
      { what: 'content-length over TLS', node: h2Node, attack: () => body(h2Node.address, 2 ** 32, true) },
      { what: 'HTTP/2 frame', node: h2Node, attack: () => http2Frame(h2Node.address) },
      { what: 'message 2^31-1', node: h2Node, attack: () => message(h2Node.address, 2 ** 31 - 1) },
      { what: 'message 4 GiB', node: h2Node, attack: () => message(h2Node.address, 2 ** 32 - 1) },
    ];
    const open: string[] = [];
    const rounds = 10;
    const nodes = [tcpNode, httpNode, h2Node];
    // What connections and refusals cost at all is no matter here: the same with lengths that claim little.
    const harmless = [
      () => afterGreeting(tcpNode.address, segmentHeader(20, 1), Buffer.alloc(20)),
      () => afterGreeting(tcpNode.address, segmentHeader(20, 1), Buffer.alloc(20)),
      () => body(httpNode.address, 5_000_000),
      () => body(httpNode.address, 5_000_000),
      () => body(h2Node.address, 5_000_000, true),
      // DATA of no stream ends the connection as well.
      () => http2Frame(h2Node.address, 0, 5),
      () => message(h2Node.address, 5_000_000),
      () => message(h2Node.address, 5_000_000),
    ];
    let n = 0;
    const comparison = {
      harmless: async () => {
        for (const one of harmless) for (let time = 0; time < rounds; time += 1) await one();
      },
      attack: async () => {
        for (const { what, attack } of attacks) {
          for (let time = 0; time < rounds; time += 1) if (!(await attack())) open.push(what);
        }
        n += attacks.length * rounds;
      },
    };
    const grown = await growthOf(nodes, comparison, peak);
    return {
      n,
      figure: `${number(n - open.length)} of ${number(n)} rejected from the header; peak RSS +${grown.map(mib).join(', +')}`,
      passed: open.length === 0 && grown.every((bytes) => bytes <= 1_048_576),
      ...(open.length === 0 ? {} : { notes: `not rejected: ${[...new Set(open)].join(', ')}` }),
    };
  },
};

/** The body of a segment and a frame in it that says it is larger than any may be. */
function giantFrame(): Buffer {
  const header = frame(frameTypes.call, idOf(0));
  header.writeUIntBE(0xffffff, 0, 3);
  return Buffer.concat([segmentHeader(0xfffff0, 0), header]);
}

async function afterGreeting(address: string, ...bytes: readonly Uint8Array[]): Promise<boolean> {
  const { peer } = await TenonPeer.greeted(address);
  await using _peer = peer;
  peer.send(...bytes);
  return await peer.closed(2_000);
}

async function body(address: string, length: number, underTls = false): Promise<boolean> {
  await using peer = underTls ? await RawPeer.openTls(address, clientTls(['http/1.1'])) : await RawPeer.open(address);
  peer.send(
    `POST /target/Target.Work HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`,
  );
  await peer.until((bytes) => bytes.includes('\r\n\r\n'), 2_000);
  return peer.bytes.toString('latin1').startsWith('HTTP/1.1 413');
}

const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function http2(type: number, flags: number, stream: number, payload: Uint8Array, length = payload.length): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, payload]);
}

/** A frame that says 16 MiB: ends the connection. */
async function http2Frame(address: string, stream = 1, length = 0xffffff): Promise<boolean> {
  await using peer = await RawPeer.openTls(address, clientTls(['h2']));
  peer.send(
    http2Preface,
    http2(4, 0, 0, Buffer.alloc(0)),
    http2(0, 0, stream, Buffer.alloc(Math.min(length, 5)), length),
  );
  // GOAWAY, or the end at once.
  await peer.until((bytes) => hasFrame(bytes, 7), 2_000);
  return true;
}

/** A request stream whose first message says gigabytes: ends the stream. */
async function message(address: string, length: number): Promise<boolean> {
  await using peer = await RawPeer.openTls(address, clientTls(['h2']));
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  const literal = (name: string, value: string): Buffer => Buffer.concat([Buffer.from([0]), text(name), text(value)]);
  const head = Buffer.concat([
    literal(':method', 'POST'),
    literal(':scheme', 'https'),
    literal(':path', '/target/Target.Gather'),
    literal(':authority', 'a'),
    literal('content-type', 'application/vnd.tenon.stream; type="application/json"'),
  ]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  peer.send(http2Preface, http2(4, 0, 0, Buffer.alloc(0)), http2(1, 4, 1, head), http2(0, 0, 1, prefix));
  // An answer (HEADERS) with an error, or RST_STREAM.
  await peer.until((bytes) => hasFrame(bytes, 1) || hasFrame(bytes, 3), 2_000);
  return true;
}

function hasFrame(bytes: Buffer, type: number): boolean {
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) if (bytes[at + 3] === type) return true;
  return false;
}
