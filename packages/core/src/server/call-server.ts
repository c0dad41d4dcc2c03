import {
  all,
  Broker,
  Clock,
  Codec,
  HttpResource,
  Interceptor,
  type Listener,
  Logger,
  type Message,
  type Metadata,
  Meter,
  noMetadata,
  optional,
  type Provider,
  provide,
  Registry,
  type ServedService,
  Server,
  type ServerAddress,
  ServiceError,
  type ServiceRecord,
  type Subscription,
  Tls,
  Transport,
  Validator,
} from '@tenon/contract';
import { CodecSet, silentMeter } from '@tenon/contract/authoring';
import { Health } from '../health/health.js';
import { healthEndpoints } from '../health/health-endpoints.js';
import { healthProbes } from '../health/health-probes.js';
import { chain, interceptorsAt } from '../interceptors/chain.js';
import { LocalServices } from '../local/index.js';
import type { AnsweredPaths } from '../port/answered-paths.js';
import { SharedPort } from '../port/index.js';
import { CompiledSchemas } from '../schemas/compiled-schemas.js';
import { telemetryOf } from '../telemetry/index.js';
import { advertisedAddress, joined, warnOfLoopback } from './advertised-address.js';
import { announcedMetadata } from './announced-metadata.js';
import { deliverTo } from './deliver-to.js';
import { Dispatcher } from './dispatcher.js';
import { DrainPlan } from './drain-plan.js';
import { DrainSteps } from './drain-steps.js';
import { type EventParts, EventRoute } from './event-route.js';
import { ownPaths } from './own-paths.js';
import { Presence } from './presence.js';
import { Registration } from './registration.js';
import { Route } from './route.js';
import { Router } from './router.js';
import {
  checkExposure,
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerOptions,
} from './server-options.js';
import type { ServerParts } from './server-parts.js';
import { serviceRecord } from './service-record.js';
import { untilAborted } from './until-aborted.js';
import { untilTime } from './within.js';

/** The default server: every bound transport on one port, the bound broker, one registry entry per service. */
export function callServer(options: ServerOptions = {}): Provider<Server> {
  const resolved = resolveServerOptions(options);
  return provide(
    Server,
    [
      all(Transport),
      Registry,
      optional(Broker),
      all(Codec),
      optional(Validator),
      all(Interceptor),
      Clock,
      Logger,
      optional(LocalServices),
      optional(Tls),
      optional(Meter),
      optional(Health),
      optional(DrainPlan),
      all(HttpResource),
    ],
    (
      transports,
      registry,
      broker,
      codecs,
      validator,
      interceptors,
      clock,
      logger,
      local,
      tls,
      meter,
      health,
      plan,
      resources,
    ) => {
      checkExposure(resolved, tls !== undefined);
      const telemetry = telemetryOf(meter ?? silentMeter());
      const parts = { transports, registry, broker, codecs, validator, interceptors, clock, logger, local, tls };
      return new CallServer({ ...parts, telemetry, health, plan, resources }, resolved);
    },
  );
}

type State = 'new' | 'starting' | 'started' | 'draining' | 'closed';

class CallServer implements Server {
  readonly #parts: ServerParts;
  readonly #options: ResolvedServerOptions;
  readonly #services: ServedService[] = [];
  readonly #schemas: CompiledSchemas;
  readonly #router = new Router();
  readonly #dispatcher: Dispatcher;
  readonly #presence: Presence;
  readonly #paths: AnsweredPaths | undefined;
  readonly #instance = crypto.randomUUID().replaceAll('-', '').slice(0, 12);
  readonly #events: EventRoute[] = [];
  /** Ends a start that is under way. */
  readonly #stop = new AbortController();
  #state: State = 'new';
  #starting: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #port: SharedPort | undefined;
  #listeners: Listener[] = [];
  #subscriptions: Subscription[] = [];
  #address: ServerAddress | undefined;

  constructor(parts: ServerParts, options: ResolvedServerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#schemas = new CompiledSchemas(parts.validator);
    const early = chain(interceptorsAt('early', parts.interceptors));
    const describe = () => this.#records('', noMetadata);
    const deliver = (topic: string, message: Message) => deliverTo(this.#events, topic, message);
    const around = interceptorsAt('server', parts.interceptors);
    this.#dispatcher = new Dispatcher({ ...parts, options, early, router: this.#router, describe, deliver });
    const { clock, logger } = parts;
    const served = { node: this.#instance, dispatcher: this.#dispatcher, schemas: this.#schemas, around };
    this.#paths = ownPaths(parts.resources, served, parts.health && healthProbes(parts.health));
    const registration = new Registration(parts.registry, logger);
    this.#presence = new Presence({ registration, clock, logger, ttlMs: options.ttlMs });
  }

  get address(): ServerAddress | undefined {
    return this.#address;
  }

  serve(service: ServedService): void {
    this.#expect('new', 'serve');
    if (this.#services.some((other) => other.name === service.name && other.version === service.version)) {
      const text = `service "${service.name}" version ${service.version} is served already`;
      throw new ServiceError('AlreadyExists', text, { executed: 'no' });
    }
    for (const codec of this.#parts.codecs) codec.checkService?.(service);
    const around = interceptorsAt('server', this.#parts.interceptors);
    const node = this.#nodeId(service);
    const routes = service.endpoints.map((endpoint) => new Route(node, endpoint, this.#schemas, around));
    const { health } = this.#parts;
    const own = health === undefined ? [] : healthEndpoints(service.name, health);
    const hidden = own.map((endpoint) => new Route(node, endpoint, this.#schemas, around));
    this.#router.add({ id: node, version: service.version }, service.name, routes, hidden);
    const events: EventParts = {
      codecs: new CodecSet(this.#parts.codecs),
      schemas: this.#schemas,
      early: interceptorsAt('early', this.#parts.interceptors),
      server: around,
      clock: this.#parts.clock,
      logger: this.#parts.logger,
    };
    for (const subscription of service.subscriptions)
      this.#events.push(new EventRoute(service.name, node, subscription, events));
    this.#services.push(service);
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#expect('new', 'start');
    this.#state = 'starting';
    this.#starting = this.#startAll(AbortSignal.any([signal, this.#stop.signal]));
    await this.#starting;
  }

  async drain(signal: AbortSignal): Promise<void> {
    if (this.#state !== 'started') return;
    this.#state = 'draining';
    // A handler that does not notice the cancelling must not hold the process: its caller has been answered by then.
    await untilAborted(this.#drainAll(signal), signal, () => {
      this.#parts.logger.warn('the time to drain is over; what still runs is cancelled', { error: signal.reason });
      this.#cancelAll();
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #startAll(signal: AbortSignal): Promise<void> {
    try {
      if (this.#services.length > 0) {
        await this.#listen(signal);
        await this.#subscribe(signal);
        await this.#enter(signal);
      }
      signal.throwIfAborted();
      this.#state = 'started';
    } catch (thrown) {
      this.#state = 'closed';
      await this.#endAll().catch((error: unknown) => {
        this.#parts.logger.error('a start that failed could not be undone', { error });
      });
      throw ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
    }
  }

  async #closeAll(): Promise<void> {
    const starting = this.#state === 'starting';
    this.#state = 'closed';
    this.#dispatcher.refuse();
    if (starting)
      this.#stop.abort(new ServiceError('Canceled', 'the server was closed while it started', { executed: 'no' }));
    // Whoever started it has the error. What a step made at the last moment is ended here too.
    await this.#starting?.catch(() => {});
    await this.#endAll();
  }

  /** Whatever fails, the rest is ended too; rejects then with the first failure. Twice is fine. */
  async #endAll(): Promise<void> {
    this.#parts.local?.stop();
    this.#parts.health?.end();
    this.#dispatcher.refuse();
    this.#cancelAll();
    await this.#presence.leave();
    const ended = [...this.#subscriptions.splice(0), ...this.#listeners.splice(0)].map((ear) => ear.close());
    const settled = await Promise.allSettled(ended);
    await this.#port?.close();
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  /** Each step is taken once the one before it is done, whatever came of that. */
  async #drainAll(signal: AbortSignal): Promise<void> {
    const { plan, health, local, clock, logger, telemetry } = this.#parts;
    const steps = new DrainSteps({ plan, clock, logger, took: telemetry.drains });
    await steps.take('notReady', signal, () => health?.leave());
    if (plan !== undefined && plan.delayMs > 0) await untilTime(plan.delayMs, clock, signal);
    local?.stop();
    await steps.take('deregistered', signal, () => this.#presence.leave());
    let finished: Promise<unknown> = Promise.resolve();
    await steps.take('peersTold', signal, () => {
      finished = this.#finish(signal);
      finished.catch(() => {});
    });
    await steps.take('finished', signal, () => finished);
  }

  /** Tells everybody before it waits for anything: peers to go elsewhere, the broker to send no more. */
  async #finish(signal: AbortSignal): Promise<void> {
    const ears = [
      ...this.#subscriptions.map((subscription) => subscription.drain()),
      ...this.#listeners.map((listener) => listener.drain(signal)),
    ];
    const port = this.#port?.drain();
    await Promise.all(ears);
    await this.#dispatcher.drain();
    await port;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { host, port, maxMessageBytes, idleConnectionMs, idleSessionMs } = this.#options;
    const { logger, tls, clock } = this.#parts;
    const limits = { maxMessageBytes, keepAliveMs: idleConnectionMs, sessionIdleMs: idleSessionMs };
    this.#port = new SharedPort({ host, port, instance: this.#instance, ...limits }, logger, tls, clock);
    if (this.#paths !== undefined) this.#port.answer(this.#paths);
    for (const transport of this.#parts.transports) {
      this.#listeners.push(await transport.listen(this.#port, this.#dispatcher));
      signal.throwIfAborted();
    }
    const opened = await this.#port.open();
    signal.throwIfAborted();
    if (opened !== undefined) {
      const advertise = advertisedAddress(opened, this.#options.advertise);
      this.#address = { listen: joined(opened.host, opened.port), advertise };
      warnOfLoopback(advertise, this.#parts.registry, logger);
      return;
    }
    const own = this.#listeners.find((listener) => listener.address !== '')?.address;
    if (own === undefined) {
      throw new ServiceError(
        'FailedPrecondition',
        'the server has nothing to listen with: bind a Transport, such as httpTransport()',
        {
          executed: 'no',
        },
      );
    }
    this.#address = { listen: own, advertise: own };
  }

  async #subscribe(signal: AbortSignal): Promise<void> {
    const { broker } = this.#parts;
    for (const event of this.#events) {
      const { name, topic, options } = event.subscription;
      if (broker === undefined) {
        throw new ServiceError(
          'FailedPrecondition',
          `${name} subscribes to "${topic}" but no broker is bound: add one to modules, such as natsBroker()`,
          {
            executed: 'no',
          },
        );
      }
      const subscribing = broker.subscribe(topic, (delivery) => event.handle(delivery), { ...options, signal });
      this.#subscriptions.push(await subscribing.catch((thrown: unknown) => refused(name, thrown)));
      signal.throwIfAborted();
    }
  }

  /** At once, or where there are health checks, once they pass and whenever they do. */
  async #enter(signal: AbortSignal): Promise<void> {
    const { health } = this.#parts;
    if (health === undefined) return this.#register(signal);
    health.begin({
      enter: (entering) => this.#register(entering),
      follow: (ready) => this.#presence.want(ready),
    });
  }

  async #register(signal: AbortSignal): Promise<void> {
    const { transports, registry } = this.#parts;
    const metadata = announcedMetadata(this.#listeners, transports, this.#instance);
    const address = this.#address?.advertise ?? '';
    const records = this.#records(address, metadata);
    await this.#presence.enter(records, signal);
    this.#parts.local?.serve(this.#dispatcher.inside, records);
    this.#parts.logger.debug('registered', {
      services: records.map((record) => record.name),
      reach: registry.capabilities.reach,
    });
  }

  #records(address: string, metadata: Metadata): readonly ServiceRecord[] {
    return this.#services.map((service) =>
      serviceRecord(service, { id: this.#nodeId(service), address, metadata }, this.#schemas),
    );
  }

  /** `greeter-3f2a…`; a second version of a service in this process is a node of its own: `greeter-3f2a…-2`. */
  #nodeId(service: ServedService): string {
    const versions = this.#services.filter((other) => other.name === service.name);
    const position = versions.indexOf(service) < 0 ? versions.length : versions.indexOf(service);
    return `${service.name}-${this.#instance}${position === 0 ? '' : `-${position + 1}`}`;
  }

  #cancelAll(): void {
    this.#dispatcher.cancelAll();
    const reason = new ServiceError('Unavailable', 'the node was shut down during the event', { executed: 'maybe' });
    for (const event of this.#events) event.cancelAll(reason);
  }

  #expect(state: State, what: string): void {
    if (this.#state === state) return;
    throw new ServiceError('FailedPrecondition', `server.${what}() was called while the server is ${this.#state}`, {
      executed: 'no',
    });
  }
}

/** A subscription that cannot be made as it was asked for is named: the error would say its options alone. */
function refused(subscriber: string, thrown: unknown): never {
  const error = ServiceError.from(thrown);
  const isOfOptions = ['InvalidArgument', 'FailedPrecondition', 'Unimplemented'].includes(error.code);
  throw isOfOptions ? error.with({ endpoint: error.endpoint ?? subscriber }) : thrown;
}
