import type { Socket } from 'node:net';
import { ServiceError } from '@tenon/contract';
import { AuthClient, type ICallable, KVClient, LeaseClient, WatchClient } from 'etcd3';
import { Channel, type Opened, type Service } from './channel.js';
import { etcdError, isConnectionFailure, isDeadline, isStaleToken } from './etcd-error.js';
import type { ResolvedEtcdOptions } from './etcd-options.js';

/**
 * The way to etcd: one endpoint at a time, opened by the first call, dropped by the first failure, opened anew by the
 * call after it. It never retries by itself and holds no timer: how often to try is decided by whoever calls.
 *
 * Of etcd3 this uses the generated clients and its table of gRPC services, and nothing else: its own pool opens a circuit
 * for 5 s, its leases retry each 100 ms, its watchers miss restored data, and its login leaves a connection behind.
 */
export class EtcdConnection implements ICallable<Channel> {
  readonly kv = new KVClient(this);
  readonly leases = new LeaseClient(this);
  readonly watches = new WatchClient(this);
  readonly callOptionsFactory = undefined;
  readonly #auth = new AuthClient(this);
  readonly #options: ResolvedEtcdOptions;
  readonly #calls = new Set<RunningCall>();
  readonly #sockets = new Set<Socket>();
  readonly #dropping = new Set<Promise<void>>();
  readonly #awaiting = new Set<() => void>();
  #endpoint: number;
  #channel: Channel | undefined;
  #token: Promise<string> | undefined;
  #trouble: ServiceError | undefined;
  #isClosed = false;

  constructor(options: ResolvedEtcdOptions, random: () => number = Math.random) {
    this.#options = options;
    this.#endpoint = Math.floor(random() * options.endpoints.length);
  }

  /** Why the last call or stream failed, where it was the connection, and none has succeeded since. */
  get trouble(): ServiceError | undefined {
    return this.#trouble;
  }

  /** Resolves once etcd answered. Rejects with `Unavailable` after `timeoutMs`, with nothing left open by this call. */
  async probe(timeoutMs: number): Promise<void> {
    const key = Buffer.from(this.#options.prefix);
    await this.kv.range({ key, keys_only: true, limit: 1 }, { deadline: Date.now() + timeoutMs });
  }

  /** Calls `answered` once, when etcd next answers a call of anybody. Returns how to take that back. */
  onAnswer(answered: () => void): () => void {
    this.#awaiting.add(answered);
    return () => void this.#awaiting.delete(answered);
  }

  /** Cancels every call and closes the connection. Calls after it reject with `FailedPrecondition`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of [...this.#calls]) call.cancel();
    this.#drop(this.#channel);
    await Promise.all(this.#dropping);
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Runs one unary call of a generated client, on the next endpoint where one cannot be reached. */
  async exec<T>(service: Service, method: string, request: unknown, options: CallOptions = {}): Promise<T> {
    const deadline = options.deadline ?? Date.now() + this.#options.callTimeoutMs;
    let renewedToken = false;
    for (let left = this.#options.endpoints.length; ; ) {
      const channel = this.#open();
      try {
        const answer = await this.#call<T>(channel, service, method, request, { ...options, deadline });
        this.#trouble = undefined;
        this.#tellAnswered();
        return answer;
      } catch (thrown) {
        if (this.#isClosed) throw closedError();
        const error = etcdError(thrown, channel.endpoint);
        if (isStaleToken(thrown) && !renewedToken) {
          renewedToken = true;
          this.#token = undefined;
          continue;
        }
        if (!isConnectionFailure(error)) throw error;
        this.#trouble = error;
        this.#drop(channel);
        left -= 1;
        if (left <= 0 || isDeadline(thrown)) throw error;
      }
    }
  }

  /** Hands the gRPC client of a service to a generated client, for streams. */
  async withConnection<T>(service: Service, use: (connected: Connected) => Promise<T> | T): Promise<T> {
    const channel = this.#open();
    const opened = await this.#authenticated(channel, service, {});
    // A member that lost its cluster would otherwise keep a watch open, silently and for ever.
    if (service === 'Watch') opened.metadata.set('hasleader', 'true');
    return use({ ...opened, resource: channel });
  }

  /** Called by the generated clients when a stream of `channel` failed; cancelling one is no failure. */
  markFailed(channel: Channel, thrown: Error): void {
    if (isStaleToken(thrown)) this.#token = undefined;
    if (isCanceled(thrown)) return;
    this.#trouble = etcdError(thrown, channel.endpoint);
    this.#drop(channel);
  }

  async #call<T>(
    channel: Channel,
    service: Service,
    method: string,
    request: unknown,
    options: CallOptions,
  ): Promise<T> {
    const { client, metadata } = await this.#authenticated(channel, service, options);
    if (this.#isClosed) throw closedError();
    const start = Reflect.get(client, method) as UnaryMethod<T>;
    return new Promise<T>((resolve, reject) => {
      const call = start.call(client, request, metadata, options, (error, response) => {
        this.#calls.delete(call);
        if (error === null) resolve(response);
        else reject(error);
      });
      this.#calls.add(call);
    });
  }

  async #authenticated(channel: Channel, service: Service, { deadline }: CallOptions): Promise<Opened> {
    const opened = await channel.open(service);
    const token = service === 'Auth' ? undefined : await this.#login(deadline === undefined ? {} : { deadline });
    if (token !== undefined) opened.metadata.set('token', token);
    return opened;
  }

  /** The token of our user, asked for once and shared until it is refused. */
  #login(options: CallOptions): Promise<string> | undefined {
    const { credentials } = this.#options;
    if (credentials === undefined) return undefined;
    if (this.#token === undefined) {
      const { username: name, password } = credentials;
      const token = this.#auth.authenticate({ name, password }, options).then((response) => response.token);
      token.catch(() => {
        if (this.#token === token) this.#token = undefined;
      });
      this.#token = token;
    }
    return this.#token;
  }

  #tellAnswered(): void {
    if (this.#awaiting.size === 0) return;
    const awaiting = [...this.#awaiting];
    this.#awaiting.clear();
    for (const answered of awaiting) answered();
  }

  #open(): Channel {
    if (this.#isClosed) throw closedError();
    const { endpoints, tls } = this.#options;
    this.#channel ??= new Channel(endpoints[this.#endpoint % endpoints.length] ?? '', tls, this.#sockets);
    return this.#channel;
  }

  /** Many calls fail together: only the first drops, so that the others do not drop what was opened meanwhile. */
  #drop(channel: Channel | undefined): void {
    if (channel === undefined || this.#channel !== channel) return;
    this.#channel = undefined;
    this.#endpoint += 1;
    const dropping = channel.drop().finally(() => this.#dropping.delete(dropping));
    this.#dropping.add(dropping);
  }
}

function isCanceled(thrown: unknown): boolean {
  return Reflect.get(Object(thrown), 'code') === 1;
}

function closedError(): ServiceError {
  return new ServiceError('FailedPrecondition', 'the etcd registry was closed', { executed: 'no' });
}

type CallOptions = NonNullable<Parameters<ICallable<unknown>['exec']>[3]>;
type Connected = Parameters<Parameters<ICallable<Channel>['withConnection']>[1]>[0];

interface RunningCall {
  cancel(): void;
}

type UnaryMethod<T> = (
  request: unknown,
  metadata: unknown,
  options: CallOptions,
  callback: (error: Error | null, response: T) => void,
) => RunningCall;
