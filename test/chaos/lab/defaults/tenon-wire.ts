import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { crc32 } from 'node:zlib';
import type { Lab } from '../lab.js';

/** What stands in a HELLO or WELCOME of tenon/1. */
export interface Greeting {
  readonly limits: Readonly<Record<string, number>>;
}

/** What a server says to a client that it greets, made by hand: nothing here uses what is looked at. */
export async function welcomeOf(address: string, service: string): Promise<Greeting> {
  const [host = '', port] = address.split(':');
  const socket = connect({ host, port: Number(port) });
  const hello = JSON.stringify({ service, node: '', codecs: ['application/msgpack'], limits: {} });
  socket.write(Buffer.concat([Buffer.from('tenon/1\n'), segment(frame(0x01, Buffer.from(hello)))]));
  try {
    return await greetingIn(socket, 0);
  } finally {
    socket.destroy();
  }
}

/** A port where the first client that comes is asked for its HELLO, and cut off. */
export async function helloPort(lab: Lab): Promise<{ readonly port: number; readonly hello: Promise<Greeting> }> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  lab.atEnd(() => server.close());
  const hello = once(server, 'connection').then(async ([socket]) => {
    try {
      return await greetingIn(socket as Socket, 'tenon/1\n'.length);
    } finally {
      (socket as Socket).destroy();
    }
  });
  hello.catch(() => {});
  return { port: (server.address() as { port: number }).port, hello };
}

async function greetingIn(socket: Socket, skippedBytes: number): Promise<Greeting> {
  let bytes = Buffer.alloc(0);
  const begin = skippedBytes + 2 * headerBytes;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes = Buffer.concat([bytes, chunk as Buffer]);
    const end = bytes.length < begin ? Number.POSITIVE_INFINITY : begin + bytes.readUIntBE(begin - headerBytes, 3);
    if (bytes.length >= end) return JSON.parse(bytes.toString('utf8', begin, end)) as Greeting;
  }
  throw new Error('the peer ended the connection without a greeting');
}

function frame(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  return Buffer.concat([header, payload]);
}

function segment(body: Buffer): Buffer {
  const header = Buffer.alloc(headerBytes);
  header.writeUIntBE(body.length, 0, 3);
  header[3] = (header[0] ?? 0) ^ (header[1] ?? 0) ^ (header[2] ?? 0) ^ 0x5a;
  header.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([header, body]);
}

/** Of a segment, and of a frame in it. */
const headerBytes = 8;
