import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * A double of one Consul agent and its cluster, written from the public description of the HTTP API; no real agent. It has the calls that
 * the registry makes, and ways to fail that a real one has and is hard to bring to.
 */
export class ConsulDouble {
  /** Answers a request itself, where it returns true: how a test makes it say anything. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Asked of every request, where it is set. */
  token: string | undefined;
  /** Without a leader the agent takes registrations, nobody else hears of them, and only stale reads are answered. */
  isLeaderless = false;
  /** The paths that were asked, with their queries. */
  readonly asked: string[] = [];
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  #index = 10;
  /** What the agent knows, by id. */
  #local = new Map<string, Known>();
  /** What the servers know. */
  #catalog = new Map<string, Known>();
  readonly #changedAt = new Map<string, number>();
  #waiting = new Set<() => void>();

  static async start(): Promise<ConsulDouble> {
    const double = new ConsulDouble();
    await double.restart();
    return double;
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** How many requests wait for a change. */
  get watches(): number {
    return this.#waiting.size;
  }

  /** Starts it again on the same port, with what it knew. Of checks it knows what it was told of them, and takes the others as failed. */
  async restart(): Promise<void> {
    if (this.#server !== undefined) return;
    for (const known of this.#local.values()) if (!known.isTold) this.#fail(known);
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends every connection and takes no more. Entries go on ageing. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Forgets everything, as a server whose data was wiped: its index begins again. */
  wipe(): void {
    for (const { timer } of this.#local.values()) clearTimeout(timer);
    this.#local = new Map();
    this.#catalog = new Map();
    this.#changedAt.clear();
    this.#index = 1;
    this.#wake();
  }

  /** Registers what a stranger did, exactly as it is. */
  plant(service: Partial<Known['service']> & { ID: string; Service: string }, status = 'passing'): void {
    const whole = { Address: '10.0.0.9', Port: 9, Tags: [], Meta: {}, ...service };
    this.#local.set(service.ID, { service: whole, status, ttlMs: 0, isTold: true });
    this.#sync(service.Service);
  }

  /** A leader is there again. */
  electLeader(): void {
    this.isLeaderless = false;
    for (const { service } of [...this.#local.values(), ...this.#catalog.values()]) this.#sync(service.Service);
  }

  async clear(): Promise<void> {
    this.wipe();
  }

  async dispose(): Promise<void> {
    this.wipe();
    await this.kill();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked.push(request.url ?? '');
    if (this.intercept?.(request, response) === true) return;
    request.setEncoding('utf8');
    let text = '';
    for await (const piece of request) text += String(piece);
    const url = new URL(request.url ?? '/', 'http://double');
    const [, , ...parts] = url.pathname.split('/').map(decodeURIComponent);
    if (this.token !== undefined && request.headers['x-consul-token'] !== this.token) {
      return say(response, 403, 'Permission denied: token with AccessorID lacks permission');
    }
    const [first, second, third, last = ''] = parts;
    if (first === 'agent') {
      const isKnown = this.#agent(`${second}/${third}`, last, text);
      return isKnown ? say(response, 200, '') : say(response, 404, `Unknown check ID or service "${last}"`);
    }
    const isRead = this.isLeaderless && !url.searchParams.has('stale');
    if (first === 'status') return json(response, this.isLeaderless ? '' : '127.0.0.1:8300');
    if (isRead) return say(response, 500, 'No cluster leader');
    if (first === 'health' && second === 'service') return this.#health(third ?? '', url.searchParams, response);
    if (first === 'catalog' && second === 'services') {
      const services = [...this.#catalog.values()].map(({ service }) => [service.Service, service.Tags] as const);
      return json(response, Object.fromEntries([['consul', []], ...services]));
    }
    if (first === 'health' && second === 'state') {
      const critical = [...this.#catalog.values()].filter(({ status }) => status === 'critical');
      return json(
        response,
        critical.map(({ service }) => ({ Node: 'double', ServiceName: service.Service })),
      );
    }
    say(response, 404, 'no such endpoint');
  }

  /** A call of the agent. Returns false where it does not know the instance. */
  #agent(call: string, id: string, text: string): boolean {
    if (call === 'service/register') {
      const { Name, Check, ...rest } = JSON.parse(text) as Registration;
      clearTimeout(this.#local.get(rest.ID)?.timer);
      const service = { ...rest, Service: Name };
      const known: Known = { service, status: Check.Status, ttlMs: durationMs(Check.TTL), isTold: false };
      this.#local.set(rest.ID, known);
      this.#keep(known);
      return true;
    }
    const serviceId = call === 'check/pass' ? id.replace(/^service:/, '') : id;
    const known = this.#local.get(serviceId);
    if (known === undefined) return false;
    if (call === 'check/pass') {
      known.isTold = true;
      this.#keep(known);
    }
    if (call === 'service/deregister') {
      clearTimeout(known.timer);
      this.#local.delete(serviceId);
      this.#sync(known.service.Service);
    }
    return true;
  }

  #keep(known: Known): void {
    clearTimeout(known.timer);
    known.status = 'passing';
    known.timer = setTimeout(() => this.#fail(known), known.ttlMs);
    this.#sync(known.service.Service);
  }

  #fail(known: Known): void {
    clearTimeout(known.timer);
    known.status = 'critical';
    this.#sync(known.service.Service);
  }

  /** The agent tells the servers, where there is one to be told. */
  #sync(service: string): void {
    if (this.isLeaderless) return;
    const of = (all: ReadonlyMap<string, Known>) =>
      JSON.stringify([...all.values()].filter((known) => known.service.Service === service).map(plain));
    if (of(this.#local) === of(this.#catalog)) return;
    for (const [id, known] of this.#catalog) if (known.service.Service === service) this.#catalog.delete(id);
    for (const [id, known] of this.#local) if (known.service.Service === service) this.#catalog.set(id, { ...known });
    this.#index += 1;
    this.#changedAt.set(service, this.#index);
    this.#wake();
  }

  async #health(service: string, query: URLSearchParams, response: ServerResponse): Promise<void> {
    const after = Number(query.get('index') ?? 0);
    const waitMs = durationMs(query.get('wait') ?? '5m');
    const indexOf = (): number => this.#changedAt.get(service) ?? 1;
    if (after > 0 && indexOf() <= after && !response.destroyed)
      await this.#change(() => indexOf() > after, waitMs, response);
    const [, only] = /^Service\.ID == "(.*)"$/s.exec(query.get('filter') ?? '') ?? [];
    const id = only?.replaceAll(/\\(.)/g, '$1');
    const all = [...this.#catalog.values()].filter((known) => known.service.Service === service);
    const some = all.filter((known) => id === undefined || known.service.ID === id);
    response.setHeader('x-consul-index', indexOf());
    json(
      response,
      some.map((known) => ({
        Node: { Node: 'double', Address: '10.0.0.8' },
        Service: known.service,
        Checks: [{ Status: 'passing' }, { Status: known.status }],
      })),
    );
  }

  /** Resolves when it is so, when the time is over, when the data was wiped, or when nobody waits any more. */
  #change(isSo: () => boolean, waitMs: number, response: ServerResponse): Promise<void> {
    const data = this.#local;
    return new Promise((resolve) => {
      const look = (): void => {
        if (isSo() || this.#local !== data) end();
      };
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(end, waitMs);
      this.#waiting.add(look);
      response.on('close', end);
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

interface Known {
  readonly service: {
    readonly ID: string;
    readonly Service: string;
    readonly Address: unknown;
    readonly Port: unknown;
    readonly Tags: unknown;
    readonly Meta: unknown;
  };
  status: string;
  readonly ttlMs: number;
  /** Whether the check was told that all is well, which a real agent keeps on disk. */
  isTold: boolean;
  timer?: NodeJS.Timeout;
}

interface Registration {
  readonly ID: string;
  readonly Address: unknown;
  readonly Port: unknown;
  readonly Tags: unknown;
  readonly Meta: unknown;
  readonly Name: string;
  readonly Check: { readonly TTL: string; readonly Status: string };
}

function plain({ service, status }: Known): unknown {
  return [service, status];
}

function durationMs(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)];
  return parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * (units[unit ?? ''] ?? 0), 0);
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
}
