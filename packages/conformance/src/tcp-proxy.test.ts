import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from './eventually.js';
import { freePort, freePorts } from './free-ports.js';
import { TcpProxy } from './tcp-proxy.js';

let server: Server;
let proxy: TcpProxy;
let clients: Client[] = [];

/** A connection, and what it has heard. */
class Client {
  readonly #socket: Socket;
  heard = '';

  constructor(port: number) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.on('data', (bytes) => {
      this.heard += bytes.toString();
    });
    this.#socket.on('error', () => {});
    clients.push(this);
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  say(text: string): void {
    this.#socket.write(text);
  }

  close(): void {
    this.#socket.destroy();
  }
}

beforeEach(async () => {
  // It answers every byte with the same.
  server = createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await TcpProxy.to((server.address() as { port: number }).port);
});

afterEach(async () => {
  for (const client of clients) client.close();
  clients = [];
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

const soon = { withinMs: 5_000 };
const client = (): Client => new Client(Number(proxy.endpoint.split(':')[1]));

async function answered(): Promise<Client> {
  const one = client();
  one.say('hello');
  await eventually(() => expect(one.heard).toBe('hello'), soon);
  return one;
}

it('lets bytes through, until it is cut: then every connection breaks, and each new one, until it is healed', async () => {
  const one = await answered();
  proxy.cut();
  const other = client();
  await eventually(() => expect([one.isClosed, other.isClosed]).toEqual([true, true]), soon);
  proxy.heal();
  await answered();
});

it('frozen, it takes connections and keeps them and no byte passes, and breaks them when it is healed', async () => {
  const one = await answered();
  proxy.freeze();
  const other = client();
  for (const each of [one, other]) each.say(' again');
  // Whoever comes by another way is answered: the server is there.
  const direct = new Client((server.address() as { port: number }).port);
  direct.say('hello');
  await eventually(() => expect(direct.heard).toBe('hello'), soon);
  expect([one.isClosed, one.heard, other.isClosed, other.heard]).toEqual([false, 'hello', false, '']);
  proxy.heal();
  await eventually(() => expect([one.isClosed, other.isClosed]).toEqual([true, true]), soon);
  await answered();
});

it('free ports differ, and can be listened on', async () => {
  const ports = [...(await freePorts(3)), await freePort()];
  expect(new Set(ports.slice(0, 3)).size).toBe(3);
  for (const port of ports) {
    const one = createServer().listen(port, '127.0.0.1');
    await once(one, 'listening');
    await new Promise((resolve) => one.close(resolve));
  }
});
