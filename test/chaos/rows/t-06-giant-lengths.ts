import { endHeaders, fieldBlock, hasFrame, http2Frame, http2Preface, http2Types } from '../../wire/http2-frames.js';
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
      { what: 'HTTP/2 frame', node: h2Node, attack: () => giantHttp2Frame(h2Node.address) },
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
      () => giantHttp2Frame(h2Node.address, 0, 5),
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

/** A frame that says 16 MiB: ends the connection. */
async function giantHttp2Frame(address: string, stream = 1, length = 0xffffff): Promise<boolean> {
  await using peer = await RawPeer.openTls(address, clientTls(['h2']));
  peer.send(
    http2Preface,
    http2Frame(http2Types.settings),
    http2Frame(http2Types.data, 0, stream, Buffer.alloc(Math.min(length, 5)), length),
  );
  // GOAWAY, or the end at once.
  await peer.until((bytes) => hasFrame(bytes, http2Types.goAway), 2_000);
  return true;
}

/** A request stream whose first message says gigabytes: ends the stream. */
async function message(address: string, length: number): Promise<boolean> {
  await using peer = await RawPeer.openTls(address, clientTls(['h2']));
  const head = fieldBlock([
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', '/target/Target.Gather'],
    [':authority', 'a'],
    ['content-type', 'application/vnd.tenon.stream; type="application/json"'],
  ]);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(length, 1);
  const { settings, headers, data, reset } = http2Types;
  peer.send(
    http2Preface,
    http2Frame(settings),
    http2Frame(headers, endHeaders, 1, head),
    http2Frame(data, 0, 1, prefix),
  );
  // An answer with an error, or a reset.
  await peer.until((bytes) => hasFrame(bytes, headers) || hasFrame(bytes, reset), 2_000);
  return true;
}
