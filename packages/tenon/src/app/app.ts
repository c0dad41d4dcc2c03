import {
  type CallOptions,
  Client,
  Clock,
  type EndpointDescriptor,
  Logger,
  Server,
  type ServerAddress,
  ServiceError,
  type Token,
} from '@tenon/contract';
import { Health, type HealthReport } from '@tenon/core';
import { boundPublisher } from '../clients/bound-publisher.js';
import { clientMethod } from '../clients/client-method.js';
import type { ClientOf, Replies } from '../clients/client-of.js';
import { type ClientTarget, clientToken } from '../clients/client-token.js';
import { makeClient } from '../clients/make-client.js';
import type { Publisher } from '../clients/publisher.js';
import type { AnyClass } from '../definition/service-definition.js';
import type { AppParts } from './app-parts.js';
import { type AppDescription, bannerOf, describeApp } from './description.js';
import { untilStopSignal } from './stop-signal.js';

type State = 'new' | 'starting' | 'started' | 'stopping' | 'closed';

/**
 * A running set of services, clients and providers. Made by {@link createApp}.
 *
 * Nothing happens before `start` (or `run`), and nothing is left after `close` (or `drain`): no timer, socket or child.
 */
export class App implements AsyncDisposable {
  readonly #parts: AppParts;
  #state: State = 'new';
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  readonly #abortStart = new AbortController();
  readonly #abortDrain = new AbortController();

  constructor(parts: AppParts) {
    this.#parts = parts;
  }

  /** Where the app can be reached; undefined before it started and where it serves nothing. */
  get address(): ServerAddress | undefined {
    return this.get(Server).address;
  }

  /**
   * Connects, runs `@OnStart`, listens, subscribes, registers; resolves when calls can arrive.
   *
   * Where a registry or broker cannot be reached it waits for it, saying so, unless `failFast` is set. Rejects with the
   * failed step's error, named, after everything that had started was closed again; `FailedPrecondition` for a second
   * start; `Canceled` when the app is closed meanwhile.
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new ServiceError(
        'FailedPrecondition',
        `the app is ${this.#state} already: an app starts once; make another with createApp()`,
        {
          executed: 'no',
        },
      );
    }
    this.#state = 'starting';
    this.#starting = this.#startAll();
    await this.#starting;
  }

  /** Starts, serves until SIGTERM or SIGINT (a second one closes at once), drains, and resolves. */
  async run(): Promise<void> {
    const stop = untilStopSignal();
    try {
      await Promise.race([this.start(), stop.first]);
      if (this.#state === 'started' && this.#parts.options.banner)
        process.stdout.write(`${bannerOf(this.describe())}\n`);
      await stop.first;
      await Promise.race([this.drain(), stop.second.then(() => this.close())]);
    } finally {
      stop.dispose();
    }
  }

  /**
   * Stops gently: leaves the registry, tells peers, finishes what is in hand within `drainTimeoutMs`, runs `@OnStop`,
   * closes. Twice is fine.
   */
  drain(): Promise<void> {
    this.#stopping ??= this.#stop(true);
    return this.#stopping;
  }

  /** Stops at once: what runs is cancelled. Also ends a start or a drain that is under way. Twice is fine. */
  close(): Promise<void> {
    this.#stopping ??= this.#stop(false);
    this.#abortDrain.abort(new ServiceError('Canceled', 'the app was closed while it drained', { executed: 'maybe' }));
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  /**
   * The typed client of a service, as `@InjectClient` injects it.
   *
   * @param target - the service class, or what `contract()` made.
   */
  client<T extends object>(target: ClientTarget<T>): ClientOf<T> {
    const { container } = this.#parts.bindings;
    const token = clientToken(target);
    return container.isBound(token) ? container.get<ClientOf<T>>(token) : makeClient(target, this.get(Client));
  }

  /** The publisher of an `@Event` class, as `@InjectPublisher` injects it. */
  publisher<T extends object>(event: AnyClass<T>): Publisher<T> {
    return boundPublisher(event, this.#parts.bindings);
  }

  /** Calls an endpoint by its names: `app.call('greeter', 'Greeter.Hello', { name: 'Ada' })`. */
  async call(service: string, endpoint: string, value: unknown = {}, options: CallOptions = {}): Promise<unknown> {
    const descriptor: EndpointDescriptor = { service, name: endpoint, kind: 'unary', idempotent: false };
    const reply = await this.get(Client).unary(descriptor, value, options);
    return reply.value;
  }

  /**
   * Calls a streaming endpoint by its names, and iterates its replies:
   * `app.stream('greeter', 'Greeter.Count', { to: 3 })`.
   *
   * @param request - the one request, or with `kind: 'bidi'` an iterable of them.
   */
  stream(
    service: string,
    endpoint: string,
    request: unknown = {},
    { kind = 'server', ...options }: CallOptions & { readonly kind?: 'server' | 'bidi' } = {},
  ): Replies<unknown> {
    const descriptor: EndpointDescriptor = { service, name: endpoint, kind, idempotent: false };
    return clientMethod(this.get(Client), descriptor)(request, options) as Replies<unknown>;
  }

  /** What is bound to a token, built if need be. */
  get<T>(token: Token<T>): T {
    return this.#parts.bindings.get(token);
  }

  /** All that is bound to a token that several things may be bound to, such as `Codec`: of each key the last. */
  getAll<T>(token: Token<T>): readonly T[] {
    return this.#parts.bindings.getAll(token);
  }

  /** How the app is: the newest result of each health check, with the errors of those that fail. Never rejects. */
  health(): Promise<HealthReport> {
    return this.get(Health).report();
  }

  /** What this app is made of, as plain data: profile, environment, providers, services, addresses. No secrets. */
  describe(): AppDescription {
    return describeApp(this.#parts, this.address);
  }

  async #startAll(): Promise<void> {
    try {
      await this.#parts.lifecycle.start(this.#abortStart.signal);
      this.#abortStart.signal.throwIfAborted();
      this.#state = 'started';
    } catch (thrown) {
      const closing = this.#abortStart.signal.aborted;
      if (!closing) {
        this.#state = 'closed';
        await this.#parts.lifecycle.close();
      }
      throw ServiceError.from(closing ? this.#abortStart.signal.reason : thrown, { executed: 'no' });
    }
  }

  async #stop(gently: boolean): Promise<void> {
    if (this.#state === 'closed') return;
    const started = this.#state === 'started';
    this.#state = 'stopping';
    this.#abortStart.abort(new ServiceError('Canceled', 'the app was closed while it started', { executed: 'no' }));
    await this.#starting?.catch(() => undefined);
    if (started && gently) await this.#drainAll();
    await this.#parts.lifecycle.close();
    this.#state = 'closed';
    this.get(Logger).debug('stopped');
  }

  async #drainAll(): Promise<void> {
    const { drainTimeoutMs, drainDelayMs } = this.#parts.options;
    const reason = new ServiceError('DeadlineExceeded', `draining took longer than ${drainTimeoutMs} ms`, {
      executed: 'maybe',
    });
    const cancelTimer = this.get(Clock).after(drainDelayMs + drainTimeoutMs, () => this.#abortDrain.abort(reason));
    try {
      await this.#parts.lifecycle.drain(this.#abortDrain.signal);
    } finally {
      cancelTimer();
    }
  }
}
