import { type Clock, ServiceError } from '@tenon/contract';
import { Pause } from '@tenon/contract/authoring';
import { ACL, type Client, CreateMode, Id, Permission, type Stat } from 'node-zookeeper-client';
import { openStockClient, type SessionIdentity, type StockClient } from './stock-client.js';
import { isZookeeperCode, unavailable, zookeeperCodes, zookeeperError } from './zookeeper-error.js';
import type { Endpoint, ResolvedZookeeperOptions } from './zookeeper-options.js';

/** A node as it was read. */
export interface Znode {
  readonly data: Buffer;
  /** The transaction that created it. */
  readonly createdBy: string;
  /** The session that it goes with; all zeros where it stays. */
  readonly owner: string;
}

/** The session is known no longer to the server: everything that hung on it is gone. */
export class SessionExpired extends Error {}

/**
 * One connection of one session, from when it is established until it ends; it never connects again. Every operation rejects when it
 * ends, or after `callTimeoutMs`. Silence for two thirds of the session's time ends it: the stock client asks for a sign of life
 * after each third.
 */
export class Link {
  readonly identity: SessionIdentity;
  /** What the server granted. */
  readonly timeoutMs: number;
  /** Resolves with the reason when it has ended. */
  readonly ended: Promise<ServiceError>;
  readonly #stock: StockClient;
  readonly #options: ResolvedZookeeperOptions;
  readonly #clock: Clock;
  readonly #failing = new Set<(reason: ServiceError) => void>();
  /** What waits for the next change of a node, by kind and path. One function for each goes to the stock client, however many wait. */
  readonly #watchers = new Map<string, { readonly tell: () => void; readonly waiting: Set<() => void> }>();
  #heardAt: number;
  #end: ServiceError | undefined;
  #stopWatchdog = (): void => {};
  readonly #resolveEnded: (reason: ServiceError) => void;

  /** Resolves when the session is established. Rejects with {@link SessionExpired} where `identity` is known no longer, else `Unavailable`. */
  static open(
    endpoint: Endpoint,
    sessionTimeoutMs: number,
    identity: SessionIdentity | undefined,
    options: ResolvedZookeeperOptions,
    clock: Clock,
  ): Promise<Link> {
    return new Promise((resolve, reject) => {
      let link: Link | undefined;
      const where = `${endpoint.host}:${endpoint.port}`;
      const failed = (reason: Error): void => {
        cancel();
        reject(reason);
        stock.destroy(reason);
      };
      // All members together take no longer than one may.
      const waitMs = Math.max(100, options.connectTimeoutMs / options.endpoints.length);
      const cancel = clock.after(waitMs, () => {
        failed(unavailable(`ZooKeeper at ${where} did not answer within ${Math.round(waitMs)} ms`));
      });
      const stock = openStockClient(endpoint, sessionTimeoutMs, identity, {
        connected: (timeoutMs) => {
          cancel();
          link = new Link(stock, timeoutMs, options, clock);
          resolve(link);
        },
        expired: () => failed(new SessionExpired('the session expired')),
        refused: () => {
          const refusal = new ServiceError('Unauthenticated', `ZooKeeper at ${where} refuses us`, { executed: 'no' });
          if (link === undefined) failed(refusal);
          else stock.destroy(refusal);
        },
        heard: () => {
          if (link !== undefined) link.#heard();
        },
        closed: (reason) => {
          const why = unavailable(
            `no connection with ZooKeeper at ${where}: ${reason?.message ?? 'it was closed'}`,
            reason,
          );
          if (link === undefined) failed(why);
          else link.#ended(reason instanceof ServiceError ? reason : why);
        },
      });
      if (options.digest !== undefined) stock.client.addAuthInfo('digest', Buffer.from(options.digest));
    });
  }

  private constructor(stock: StockClient, timeoutMs: number, options: ResolvedZookeeperOptions, clock: Clock) {
    this.#stock = stock;
    this.identity = stock.identity();
    this.timeoutMs = timeoutMs;
    this.#options = options;
    this.#clock = clock;
    this.#heardAt = clock.now();
    let resolveEnded: (reason: ServiceError) => void = () => {};
    this.ended = new Promise((resolve) => {
      resolveEnded = resolve;
    });
    this.#resolveEnded = resolveEnded;
    this.#watch();
  }

  /** When the server was last heard of. */
  get heardAt(): number {
    return this.#heardAt;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  /** Whether a node goes with the session of this link. */
  owns(node: Znode): boolean {
    return node.owner === this.identity.id.toString('hex');
  }

  /** The node, or `undefined` where it is not there. `changed` is called once, when it changes or goes. */
  read(path: string, changed?: () => void): Promise<Znode | undefined> {
    const watcher = changed && this.#watcher(`data ${path}`, changed);
    return this.#absent((client, done) =>
      client.getData(path, watcher as never, (error, data, stat) => {
        done(error, error ? undefined : znodeOf(data, stat));
      }),
    );
  }

  /** The names of the children, or `undefined` where the node is not there. `changed` is called once, when they change or it goes. */
  children(path: string, changed?: () => void): Promise<readonly string[] | undefined> {
    const watcher = changed && this.#watcher(`children ${path}`, changed);
    return this.#absent((client, done) => client.getChildren(path, watcher as never, done));
  }

  /** The node without its data, or `undefined`. `changed` is called once, when it comes, changes or goes. */
  stat(path: string, changed?: () => void): Promise<Znode | undefined> {
    const watcher = changed && this.#watcher(`stat ${path}`, changed);
    return this.#call((client, done) =>
      client.exists(path, watcher as never, (error, stat) => {
        done(error, stat ? znodeOf(undefined, stat) : undefined);
      }),
    );
  }

  /** Resolves when this server knows everything that was committed before, with whether the node is there. */
  async sync(path: string): Promise<boolean> {
    const found = await this.#absent<true>((client, done) =>
      client
        .transaction()
        .check(path, -1)
        .commit((error) => done(error, true)),
    );
    return found === true;
  }

  /** Makes a node that stays, where it is not there yet, and those above it. */
  async ensure(path: string): Promise<void> {
    const parts = path.split('/').slice(1);
    for (let count = 1; count <= parts.length; count++) {
      const part = `/${parts.slice(0, count).join('/')}`;
      if ((await this.stat(part)) !== undefined) continue;
      await this.create(part, Buffer.alloc(0), CreateMode.PERSISTENT).catch((thrown: unknown) => {
        if (!isZookeeperCode(thrown, zookeeperCodes.nodeExists)) throw thrown;
      });
    }
  }

  create(path: string, data: Buffer, mode: number = CreateMode.EPHEMERAL): Promise<unknown> {
    return this.#call((client, done) => client.create(path, data, this.#acl(), mode, done));
  }

  write(path: string, data: Buffer): Promise<unknown> {
    return this.#call((client, done) => client.setData(path, data, -1, done));
  }

  /** Takes a node of another session out and puts ours in its place, in one transaction. */
  takeOver(path: string, data: Buffer): Promise<unknown> {
    return this.#call((client, done) => {
      const acl = this.#acl();
      client.transaction().remove(path, -1).create(path, data, acl, CreateMode.EPHEMERAL).commit(done);
    });
  }

  /** Takes a node out; one that is not there is fine. */
  async remove(path: string): Promise<void> {
    await this.#absent<void>((client, done) => client.remove(path, -1, (error) => done(error, undefined)));
  }

  /** Calls this one no more, whatever it waits for. */
  forget(changed: () => void): void {
    for (const { waiting } of this.#watchers.values()) waiting.delete(changed);
  }

  /** Ends the session too, where the server can be told in time: what hangs on it goes at once. */
  async close(): Promise<void> {
    if (this.#end === undefined) {
      this.#stock.client.close();
      const bound = new Pause(this.#clock);
      await Promise.race([this.ended, bound.for(closeTimeoutMs)]);
      bound.wake();
    }
    this.destroy(unavailable('the session was closed'));
    await this.ended;
  }

  /** Ends the connection. The session stays until its time is over. */
  destroy(reason: ServiceError): void {
    this.#stock.destroy(reason);
  }

  #heard(): void {
    this.#heardAt = this.#clock.now();
  }

  #watch(): void {
    this.#stopWatchdog = this.#clock.after(this.timeoutMs / 6, () => {
      const silentMs = this.#clock.now() - this.#heardAt;
      if (silentMs > (this.timeoutMs * 2) / 3) {
        this.destroy(unavailable(`ZooKeeper was silent for ${Math.round(silentMs)} ms`));
      } else this.#watch();
    });
  }

  #ended(reason: ServiceError): void {
    this.#end = reason;
    this.#stopWatchdog();
    for (const fail of [...this.#failing]) fail(reason);
    this.#watchers.clear();
    this.#resolveEnded(reason);
  }

  /** As {@link #call}, with `undefined` where the node is not there. */
  async #absent<T>(work: (client: Client, done: (error: unknown, value?: T) => void) => void): Promise<T | undefined> {
    try {
      return await this.#call(work);
    } catch (thrown) {
      if (isZookeeperCode(thrown, zookeeperCodes.noNode)) return undefined;
      throw thrown;
    }
  }

  #call<T>(work: (client: Client, done: (error: unknown, value?: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(this.#end);
      const { callTimeoutMs } = this.#options;
      const fail = (reason: unknown): void => {
        cancel();
        this.#failing.delete(fail);
        reject(zookeeperError(reason));
      };
      const cancel = this.#clock.after(callTimeoutMs, () => {
        fail(unavailable(`ZooKeeper did not answer within ${callTimeoutMs} ms`));
      });
      this.#failing.add(fail);
      try {
        work(this.#stock.client, (error, value) => {
          if (error) return fail(error);
          cancel();
          this.#failing.delete(fail);
          resolve(value as T);
        });
      } catch (thrown) {
        fail(thrown);
      }
    });
  }

  #watcher(key: string, changed: () => void): () => void {
    let watcher = this.#watchers.get(key);
    if (watcher === undefined) {
      const waiting = new Set<() => void>();
      const tell = (): void => {
        this.#watchers.delete(key);
        for (const wake of waiting) wake();
      };
      watcher = { tell, waiting };
      this.#watchers.set(key, watcher);
    }
    watcher.waiting.add(changed);
    return watcher.tell;
  }

  #acl(): ACL[] {
    const all = new ACL(Permission.ALL, this.#options.access === 'world' ? anyone() : new Id('auth', ''));
    return this.#options.access === 'world' ? [all] : [new ACL(Permission.READ, anyone()), all];
  }
}

function anyone(): Id {
  return new Id('world', 'anyone');
}

function znodeOf(data: Buffer | undefined, stat: Stat): Znode {
  const { czxid, ephemeralOwner } = stat as unknown as { readonly czxid: Buffer; readonly ephemeralOwner: Buffer };
  return { data: data ?? Buffer.alloc(0), createdBy: czxid.toString('hex'), owner: ephemeralOwner.toString('hex') };
}

/** How long a server may take to end a session. */
const closeTimeoutMs = 500;
