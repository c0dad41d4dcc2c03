import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What arrived in one request. */
export interface RawRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A subscriber that is none of ours: keeps what it gets, and answers as it is told. */
export class RawSubscriber {
  readonly requests: RawRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param handle - answers each request. Default: 200 and nothing, as go-micro. */
  static async open(
    handle: (response: ServerResponse, request: RawRequest) => void = (response) => void response.end(),
  ): Promise<RawSubscriber> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const whole = { method, url, headers, body: Buffer.concat(chunks).toString() };
        raw.requests.push(whole);
        handle(response, whole);
      });
    });
    const raw = new RawSubscriber(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return raw;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The ids of the messages that arrived, in order. */
  get ids(): readonly string[] {
    return this.requests.map(({ body }) => JSON.parse(body).Header['Micro-ID']);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
