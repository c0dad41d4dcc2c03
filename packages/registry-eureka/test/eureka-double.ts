import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/**
 * A double of a Eureka server and its peers, written from the public description of the REST operations; no real server. It has the calls
 * that the registry makes, and ways to fail that a real one has and is hard to bring to.
 */
export class EurekaDouble {
  /** Answers a request itself, where it returns true: how a test makes it say anything. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  /** Evicts nobody, as a server that misses more renewals than it believes. */
  protectsItself = false;
  /** Keeps the answers from before a new instance until the next change, as a real one does that was asked while it took one. */
  keepsOldAnswers = false;
  #oldAnswers: readonly Stored[] | undefined;
  /** Whether it tells its peer of changes. */
  isPartitioned = false;
  /** What was asked, as `GET /apps`. */
  readonly asked: string[] = [];
  #peer: EurekaDouble | undefined;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  readonly #leases = new Map<string, Held>();
  #changes: Change[] = [];

  static async start(): Promise<EurekaDouble> {
    const double = new EurekaDouble();
    await double.restart();
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/eureka`;
  }

  get port(): number {
    return this.#port;
  }

  /** Each tells the other of changes. */
  pairWith(peer: EurekaDouble): void {
    this.#peer = peer;
    peer.#peer = this;
  }

  /** Starts it again on the same port; what it knew has gone with its process. */
  async restart(): Promise<void> {
    if (this.#server !== undefined) return;
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

  /** Ends every connection and takes no more. Its memory is gone. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    await this.clear();
  }

  async clear(): Promise<void> {
    for (const { timer } of this.#leases.values()) clearTimeout(timer);
    this.#leases.clear();
    this.#oldAnswers = undefined;
    this.#changes = [];
  }

  async dispose(): Promise<void> {
    await this.clear();
    await this.kill();
  }

  /** Registers what a stranger did, exactly as it is. */
  plant(instance: Stored): void {
    this.#put(instance, Number.POSITIVE_INFINITY);
  }

  /** Takes an instance out without a word in the changes, as a server whose list of changes has run over. */
  dropSilently(app: string, id: string): void {
    clearTimeout(this.#leases.get(`${app}/${id}`)?.timer);
    this.#leases.delete(`${app}/${id}`);
  }

  /** The two tell each other what they missed. */
  heal(): void {
    this.isPartitioned = false;
    const other = this.#peer;
    if (other === undefined) return;
    other.isPartitioned = false;
    for (const [one, another] of [
      [this, other],
      [other, this],
    ] as const) {
      for (const { instance, durationMs } of one.#leases.values()) another.#put(instance, durationMs);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, 'http://double');
    const [, , , app = '', id, what] = pathname.split('/').map(decodeURIComponent);
    this.asked.push(`${method} ${pathname.replace('/eureka', '')}`);
    if (this.intercept?.(request, response) === true) return;
    request.setEncoding('utf8');
    let text = '';
    for await (const piece of request) text += String(piece);
    const key = `${app.toUpperCase()}/${id}`;
    const lease = this.#leases.get(key);
    if (method === 'GET') {
      const found = this.#read(app);
      return found === undefined ? say(response, 404) : json(response, found);
    }
    if (method === 'POST') {
      const { instance } = JSON.parse(text) as { readonly instance: Stored };
      const durationMs = Number(Object(instance['leaseInfo']).durationInSecs) * 1_000;
      this.#put({ ...instance, app: String(instance['app']).toUpperCase() }, durationMs);
      this.#tellPeer((peer) => peer.#put({ ...instance, app: String(instance['app']).toUpperCase() }, durationMs));
      return say(response, 204);
    }
    if (lease === undefined) return say(response, 404);
    if (method === 'PUT' && what === 'status') {
      const status = searchParams.get('value') ?? 'UP';
      this.#put({ ...lease.instance, status, overriddenstatus: status }, lease.durationMs, 'MODIFIED');
    } else if (method === 'PUT') {
      this.#renew(key);
      this.#tellPeer(
        (peer) => void (peer.#leases.has(key) ? peer.#renew(key) : peer.#put(lease.instance, lease.durationMs)),
      );
    } else if (method === 'DELETE') {
      this.#remove(key);
      this.#tellPeer((peer) => peer.#remove(key));
    }
    say(response, 200);
  }

  #read(app: string): unknown {
    if (app === 'delta') {
      const instances = this.#changes.map(({ instance, actionType }) => ({ ...instance, actionType }));
      return applications(instances, this.#hash());
    }
    const all = this.#oldAnswers ?? [...this.#leases.values()].map(({ instance }) => instance);
    if (app === '') return applications(all, this.#hash());
    const own = all.filter((instance) => instance['app'] === app.toUpperCase());
    return own.length === 0 ? undefined : { application: { name: app, instance: own } };
  }

  #put(given: Stored, durationMs: number, actionType = 'ADDED'): void {
    const registered = { ...Object(given['leaseInfo']), registrationTimestamp: Date.now() };
    const instance: Stored = actionType === 'ADDED' ? { ...given, leaseInfo: registered } : given;
    const key = `${String(instance['app'])}/${String(instance['instanceId'])}`;
    const before = this.#leases.get(key);
    const kept = before?.instance['overriddenstatus'] === 'OUT_OF_SERVICE' && actionType === 'ADDED';
    const override = { status: 'OUT_OF_SERVICE', overriddenstatus: 'OUT_OF_SERVICE' };
    clearTimeout(before?.timer);
    const isKept = this.keepsOldAnswers && before === undefined;
    this.#oldAnswers = isKept ? [...this.#leases.values()].map(({ instance }) => instance) : undefined;
    this.#leases.set(key, { instance: kept ? { ...instance, ...override } : instance, durationMs });
    this.#note(key, actionType);
    this.#renew(key);
  }

  #renew(key: string): void {
    const lease = this.#leases.get(key);
    if (lease === undefined) return;
    clearTimeout(lease.timer);
    if (lease.durationMs === Number.POSITIVE_INFINITY) return;
    lease.timer = setTimeout(() => {
      if (this.protectsItself) this.#renew(key);
      else this.#remove(key);
    }, lease.durationMs);
  }

  #remove(key: string): void {
    clearTimeout(this.#leases.get(key)?.timer);
    this.#note(key, 'DELETED');
    this.#leases.delete(key);
  }

  #note(key: string, actionType: string): void {
    const instance = this.#leases.get(key)?.instance;
    if (instance === undefined) return;
    this.#changes = [...this.#changes.filter((change) => change.key !== key), { key, instance, actionType }].slice(
      -200,
    );
  }

  #tellPeer(tell: (peer: EurekaDouble) => void): void {
    if (this.#peer !== undefined && !this.isPartitioned) tell(this.#peer);
  }

  #hash(): string {
    const statuses = [...this.#leases.values()].map(({ instance }) => String(instance['status'])).sort();
    return [...new Set(statuses)]
      .map((status) => `${status}_${statuses.filter((other) => other === status).length}_`)
      .join('');
  }
}

type Stored = Readonly<Record<string, unknown>>;

interface Held {
  readonly instance: Stored;
  readonly durationMs: number;
  timer?: NodeJS.Timeout;
}

interface Change {
  readonly key: string;
  readonly instance: Stored;
  readonly actionType: string;
}

/** A list of one is written as that one, as older servers do. */
function applications(instances: readonly Stored[], hash: string): unknown {
  const names = [...new Set(instances.map((instance) => String(instance['app'])))];
  const application = names.map((name) => {
    const own = instances.filter((instance) => instance['app'] === name);
    return { name, instance: own.length === 1 ? own[0] : own };
  });
  return { applications: { versions__delta: '1', apps__hashcode: hash, application } };
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(value));
}

function say(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}
