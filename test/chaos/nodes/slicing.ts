import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { jsonCodec } from '@tenon/codec-json';
import { systemClock } from '@tenon/contract/authoring';
import { tcpTransport } from '@tenon/transport-tcp';
import { type Codec, type ConnectionClaim, consoleLogger, noMetadata, type Port, type Transport } from 'tenon';
import { frame, frameTypes, hello, idOf, nameOf, preamble, segment } from '../raw/tenon-frames.js';
import { answerQuestions } from './questions.js';

// A process that hands one long message of tenon/1 to a server, whole or byte by byte, without a socket between.

export interface SlicingFindings {
  readonly bytes: number;
  /** CPU time for the message in one chunk, byte by byte, and byte by byte for a stream whose listener only counts. */
  readonly wholeMs: number;
  readonly slicedMs: number;
  readonly bareMs: number;
  /** Requests that reached the handler, and their length was right. */
  readonly received: number;
}

async function slicing(messageBytes: number): Promise<SlicingFindings> {
  const codecs = [(jsonCodec().create as () => Codec)()];
  const logger = consoleLogger({ level: 'error' });
  const transport = (tcpTransport().create as (...parts: unknown[]) => Transport)(
    codecs,
    undefined,
    systemClock(),
    logger,
  );
  let claim: ConnectionClaim | undefined;
  let received = 0;
  const port = {
    instance: 'i',
    maxMessageBytes: messageBytes,
    encrypted: false,
    claimConnection: (made: ConnectionClaim) => {
      claim = made;
    },
  };
  await transport.listen(port as unknown as Port, {
    handle: (call) => {
      if (call.kind !== 'unary') throw new Error('not asked for');
      const value = call.decode() as { readonly text: string };
      if (value.text.length === messageBytes - frameRoom) received += 1;
      call.reply({ value: 'done', metadata: noMetadata });
      return { cancel: () => {} };
    },
    refusal: () => undefined,
    kindOf: () => undefined,
  });
  const message = messageOf(messageBytes);
  const fed = async (feed: (socket: Duplex) => void): Promise<number> => {
    const socket = new Duplex({ read: () => {}, write: (_chunk, _encoding, done) => done() });
    claim?.handle({ socket, address: 'test', identity: undefined, encrypted: false } as never);
    for (const bytes of [preamble, segment(hello()), segment(nameOf(0, 0, 'Target.Work'))]) socket.push(bytes);
    for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    const before = received;
    const began = process.cpuUsage();
    feed(socket);
    for (let turn = 0; turn < 1_000 && received === before; turn += 1) await nextTurn();
    const { user, system } = process.cpuUsage(began);
    socket.destroy();
    return (user + system) / 1_000;
  };
  const whole = (socket: Duplex): void => void socket.push(message);
  const sliced = (socket: Duplex): void => {
    for (let at = 0; at < message.length; at += 1) socket.push(message.subarray(at, at + 1));
  };
  await fed(whole);
  const wholeMs = await fed(whole);
  const slicedMs = await fed(sliced);
  const bare = new Duplex({ read: () => {} });
  let seen = 0;
  bare.on('data', (chunk: Buffer) => {
    seen += chunk.length;
  });
  await nextTurn();
  const began = process.cpuUsage();
  sliced(bare);
  await nextTurn();
  const { user, system } = process.cpuUsage(began);
  if (seen !== message.length) throw new Error('the bare stream lost bytes');
  return { bytes: message.length, wholeMs, slicedMs, bareMs: (user + system) / 1_000, received };
}

/** CALL in JSON and its rest, in frames of 32 KiB, a segment each. */
function messageOf(bytes: number): Buffer {
  const request = Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes - frameRoom) }));
  const parts: Buffer[] = [];
  for (let at = 0; at < request.length; at += pieceBytes) {
    const piece = request.subarray(at, at + pieceBytes);
    const more = at + pieceBytes < request.length ? frameTypes.more : 0;
    if (at === 0) parts.push(segment(frame(frameTypes.call | more, idOf(0), Buffer.concat([Buffer.alloc(8), piece]))));
    else parts.push(segment(frame(frameTypes.requestRest | more, idOf(0), piece)));
  }
  return Buffer.concat(parts);
}

const pieceBytes = 32 * 1_024;
const frameRoom = 100;

/** CPU time that a plain server spends on one chunk of a real socket; tells where it listens, and what it found once all have come. */
async function socketCost(chunks: number): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.({ costsAt: (server.address() as { readonly port: number }).port });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const began = process.cpuUsage();
  let seen = 0;
  let reads = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      reads += 1;
      if (seen >= chunks) resolve();
    });
  });
  const { user, system } = process.cpuUsage(began);
  socket.destroy();
  server.close();
  return (user + system) / 1_000 / reads;
}

answerQuestions({ slicing, socketCost });
process.send?.({ ready: true });
