import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, type Socket as Connection, createServer, type Server } from 'node:net';

/** One SRV record, as a zone has it. */
export interface Srv {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

/** How a server answers: as it should, by an error code, by rubbish, or not at all. */
export type Manner = 'well' | 'servfail' | 'refused' | 'rubbish' | 'silent';

/** A real name server on a loopback port, over UDP and TCP, that knows SRV records and nothing else. */
export class DnsServer {
  readonly zone = new Map<string, readonly Srv[]>();
  manner: Manner = 'well';
  /** How many questions came. */
  asked = 0;
  readonly #connections = new Set<Connection>();
  #udp: Socket | undefined;
  #tcp: Server | undefined;
  #port = 0;

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** On a free port, or again on the one that it had. */
  async listen(): Promise<void> {
    this.#tcp = createServer((connection) => this.#serve(connection)).listen(this.#port, '127.0.0.1');
    await once(this.#tcp, 'listening');
    this.#port = (this.#tcp.address() as AddressInfo).port;
    this.#udp = createSocket('udp4', (message, { port, address }) => {
      const reply = this.#reply(message, 1_232);
      if (reply !== undefined) this.#udp?.send(reply, port, address);
    }).bind(this.#port, '127.0.0.1');
    await once(this.#udp, 'listening');
  }

  /** As a killed server: its ports refuse. */
  async close(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp];
    this.#udp = undefined;
    this.#tcp = undefined;
    for (const connection of this.#connections) connection.destroy();
    if (udp !== undefined) await new Promise<void>((resolve) => udp.close(resolve));
    if (tcp !== undefined) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  #serve(connection: Connection): void {
    this.#connections.add(connection);
    let received = Buffer.alloc(0);
    connection.on('error', () => {}).on('close', () => this.#connections.delete(connection));
    connection.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const reply = this.#reply(received.subarray(2, end), 65_535);
        received = received.subarray(end);
        if (reply === undefined) continue;
        const length = Buffer.alloc(2);
        length.writeUInt16BE(reply.length);
        connection.write(Buffer.concat([length, reply]));
      }
    });
  }

  #reply(query: Buffer, maxBytes: number): Buffer | undefined {
    this.asked += 1;
    if (this.manner === 'silent') return undefined;
    const { name, end } = nameAt(query, 12);
    const question = query.subarray(12, end + 4);
    if (this.manner === 'rubbish')
      return Buffer.concat([query.subarray(0, 2), Buffer.from('8180ffffffffffffffff', 'hex')]);
    const records = this.zone.get(name.toLowerCase());
    const code = { servfail: 2, refused: 5, well: records === undefined ? 3 : 0 }[this.manner];
    const answers = code === 0 ? (records ?? []).map(encoded) : [];
    const bytes = answers.reduce((sum, { length }) => sum + length, 12 + question.length);
    const isCut = bytes > maxBytes;
    const head = Buffer.alloc(12);
    query.copy(head, 0, 0, 2);
    head.writeUInt16BE(0x8580 | (isCut ? 0x0200 : 0) | code, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(isCut ? 0 : answers.length, 6);
    return Buffer.concat([head, question, ...(isCut ? [] : answers)]);
  }
}

/** The owner is the question's name, told by a pointer to it. */
function encoded({ target, port, priority = 0, weight = 0 }: Srv): Buffer {
  const labels = target === '.' ? [] : target.split('.');
  const name = Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);
  const head = Buffer.alloc(18);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(33, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(3_600, 6);
  head.writeUInt16BE(6 + name.length, 10);
  head.writeUInt16BE(priority, 12);
  head.writeUInt16BE(weight, 14);
  head.writeUInt16BE(port, 16);
  return Buffer.concat([head, name]);
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let position = start;
  for (let length = message[position] ?? 0; length > 0; length = message[position] ?? 0) {
    labels.push(message.subarray(position + 1, position + 1 + length).toString());
    position += 1 + length;
  }
  return { name: labels.join('.'), end: position + 1 };
}
