import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What strangers saw who keep an HTTP/1.1 connection until its server ends it. */
export interface StrangerFindings {
  /** POSTs that were sent, and those that were answered: served, or told that nothing ran. */
  readonly sent: number;
  readonly served: number;
  readonly refused: number;
  /** Connections that the server ended, and those of them where it said `Connection: close` before. */
  readonly ended: number;
  readonly announced: number;
}

/**
 * Clients that know nothing of us: each POSTs on a connection of its own, idles for a while, and POSTs again on whatever is
 * left of it.
 */
export class Strangers {
  readonly #counts = { sent: 0, served: 0, refused: 0, ended: 0, announced: 0 };
  readonly #ids: string[] = [];

  constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  /** The ids of the calls that were served. */
  get served(): readonly string[] {
    return this.#ids;
  }

  /** Runs `count` of them, so many calls each. */
  async run(count: number, rounds: number, idleMs: () => number): Promise<StrangerFindings> {
    await Promise.all(Array.from({ length: count }, (_, index) => this.#one(index, rounds, idleMs)));
    return { ...this.#counts };
  }

  async #one(index: number, rounds: number, idleMs: () => number): Promise<void> {
    let kept: Kept | undefined;
    for (let round = 0; round < rounds; round += 1) {
      if (kept === undefined || kept.hasEnded) {
        this.#look(kept);
        kept = await Kept.open(this.host, this.port);
      }
      const id = `stranger-${index}-${round}`;
      this.#counts.sent += 1;
      const answer = await kept.post('/target/Target.Once', JSON.stringify({ id }));
      if (answer.startsWith('HTTP/1.1 200')) {
        this.#counts.served += 1;
        this.#ids.push(id);
      } else if (answer.includes('"executed":"no"')) this.#counts.refused += 1;
      await new Promise((resolve) => setTimeout(resolve, idleMs()));
    }
    this.#look(kept);
    kept?.close();
  }

  #look(kept: Kept | undefined): void {
    if (kept === undefined || !kept.hasEnded) return;
    this.#counts.ended += 1;
    if (kept.saidClose) this.#counts.announced += 1;
  }
}

/** One kept connection. */
class Kept {
  hasEnded = false;
  /** What came and was not read yet. */
  #text = '';
  #saidClose = false;
  #heard: () => void = () => {};

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text: string) => {
      this.#text += text;
      this.#heard();
    });
    const ended = (): void => {
      this.hasEnded = true;
      this.#heard();
    };
    socket.on('end', ended).on('close', ended).on('error', ended);
  }

  static async open(host: string, port: number): Promise<Kept> {
    const socket = connect({ host, port });
    await once(socket, 'connect');
    return new Kept(socket);
  }

  get saidClose(): boolean {
    return this.#saidClose || closes.test(this.#text);
  }

  /** The answer with head and body; empty where the connection ended without one. */
  async post(path: string, body: string): Promise<string> {
    const fields = `Host: target\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
    this.socket.write(`POST ${path} HTTP/1.1\r\n${fields}\r\n${body}`);
    while (!isWhole(this.#text) && !this.hasEnded) {
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    const answer = this.#text;
    this.#saidClose ||= closes.test(answer);
    this.#text = '';
    return answer;
  }

  close(): void {
    this.socket.destroy();
  }
}

const closes = /\r\nconnection: close\r\n/i;

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(text)?.[1];
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length);
}
