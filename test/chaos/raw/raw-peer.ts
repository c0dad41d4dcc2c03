import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';

/** A socket without manners, towards a node: keeps what came, the newest 8 MiB of it, and when it was closed. */
export class RawPeer {
  readonly socket: Socket;
  #connectedAt = performance.now();
  #closedAt: number | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #answered = 0;
  #changed: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#answered += chunk.length;
      this.#bytes = Buffer.concat([this.#bytes, chunk]).subarray(-maxKept);
      this.#changed();
    });
    socket.on('error', () => this.#closed());
    // Whoever is told that the other side has ended answers nothing more.
    socket.on('end', () => this.#closed());
    socket.on('close', () => this.#closed());
  }

  /** Connects, and says nothing. */
  static async open(address: string): Promise<RawPeer> {
    const [host, port] = address.split(':');
    const socket = connect({ host: host ?? '', port: Number(port) });
    await once(socket, 'connect');
    return new RawPeer(socket);
  }

  /** The same under TLS, after the handshake. */
  static async openTls(address: string, tls: ConnectionOptions): Promise<RawPeer> {
    const [host, port] = address.split(':');
    const socket = connectTls({ host: host ?? '', port: Number(port), ...tls });
    await once(socket, 'secureConnect');
    return new RawPeer(socket);
  }

  get isOpen(): boolean {
    return this.#closedAt === undefined;
  }

  /** How long the connection has lived, until now or until it was closed by the other side. */
  get livedMs(): number {
    return (this.#closedAt ?? performance.now()) - this.#connectedAt;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** All that came, also what is not kept. */
  get receivedBytes(): number {
    return this.#answered;
  }

  /** Life is counted from now on. */
  restartClock(): void {
    this.#connectedAt = performance.now();
  }

  forget(): void {
    this.#bytes = Buffer.alloc(0);
  }

  send(...bytes: readonly (Uint8Array | string)[]): void {
    if (!this.isOpen) return;
    this.socket.write(Buffer.concat(bytes.map((one) => (typeof one === 'string' ? Buffer.from(one, 'latin1') : one))));
  }

  /** Sends, and waits until the system has taken it. */
  async sendWhole(bytes: Uint8Array): Promise<void> {
    if (this.isOpen && !this.socket.write(bytes)) {
      const over = new AbortController();
      const { signal } = over;
      await Promise.race([once(this.socket, 'drain', { signal }), once(this.socket, 'close', { signal })]).catch(
        () => {},
      );
      over.abort();
    }
  }

  /** Waits until what came satisfies, or the connection is closed. Rejects when time is over. */
  async until(satisfied: (bytes: Buffer) => boolean, withinMs = 10_000): Promise<boolean> {
    const end = performance.now() + withinMs;
    while (!satisfied(this.#bytes)) {
      if (!this.isOpen) return false;
      const leftMs = end - performance.now();
      if (leftMs <= 0) throw new Error(`nothing that was waited for came within ${withinMs} ms`);
      await this.#change(leftMs);
    }
    return true;
  }

  /** Waits for its end by the other side. Returns whether it came within the time. */
  async closed(withinMs: number): Promise<boolean> {
    const end = performance.now() + withinMs;
    while (this.isOpen && performance.now() < end) await this.#change(end - performance.now());
    return !this.isOpen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
  }

  #closed(): void {
    this.#closedAt ??= performance.now();
    this.#changed();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const maxKept = 8 * 1_024 * 1_024;
