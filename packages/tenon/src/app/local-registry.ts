import {
  Clock,
  type Lease,
  type Lifecycle,
  Logger,
  type Provider,
  provide,
  type RegisterOptions,
  Registry,
  type RegistryCapabilities,
  type RegistryEvent,
  ServiceError,
  type ServiceRecord,
} from '@tenon/contract';
import { gossipRegistry } from '@tenon/registry-gossip';
import { mdnsRegistry, multicastWorks } from '@tenon/registry-mdns';

/**
 * The registry of the `local` profile: processes of this machine find each other without any server. By multicast DNS on loopback; where
 * multicast does not work there, which is found out at the start and said in one line, by gossip on the ports 7946 to 7961.
 */
export function localRegistry(): Provider<Registry> {
  return provide(Registry, [Logger, Clock], (logger, clock) => new LocalRegistry(logger, clock));
}

class LocalRegistry implements Registry, Lifecycle {
  readonly #logger: Logger;
  readonly #clock: Clock;
  #chosen: (Registry & Lifecycle) | undefined;
  #closed = false;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  get capabilities(): RegistryCapabilities {
    return this.#chosen?.capabilities ?? beforeTheStart;
  }

  get trouble(): ServiceError | undefined {
    return this.#chosen === undefined ? notStarted() : this.#chosen.trouble;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#chosen ??= await this.#choose();
    if (this.#closed) await this.#chosen.close();
    else await this.#chosen.start?.(signal);
  }

  async register(record: ServiceRecord, options: RegisterOptions): Promise<Lease> {
    return await this.#started.register(record, options);
  }

  async lookup(
    name: string,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<readonly ServiceRecord[]> {
    return await this.#started.lookup(name, options);
  }

  async list(options?: { readonly signal?: AbortSignal | undefined }): Promise<readonly string[]> {
    return await this.#started.list(options);
  }

  watch(name: string, options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<RegistryEvent> {
    return { [Symbol.asyncIterator]: () => this.#started.watch(name, options)[Symbol.asyncIterator]() };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#chosen?.close();
  }

  get #started(): Registry {
    if (this.#chosen === undefined) throw notStarted();
    return this.#chosen;
  }

  async #choose(): Promise<Registry & Lifecycle> {
    if (await multicastWorks()) return this.#made(mdnsRegistry());
    this.#logger.info(
      'multicast does not work on loopback here: services find each other by gossip on ports 7946 to 7961',
    );
    return this.#made(gossipRegistry());
  }

  /** Both want a logger and a clock, as this one does. */
  #made({ dependencies, create }: Provider<Registry>): Registry & Lifecycle {
    const given = dependencies.map((token) => (token === Logger ? this.#logger : this.#clock));
    return create(...(given as never[]));
  }
}

const beforeTheStart: RegistryCapabilities = Object.freeze<RegistryCapabilities>({
  expires: true,
  consistency: {
    register: { level: 'weak', whenCutOff: 'answers' },
    lookup: { level: 'weak', whenCutOff: 'answers' },
    cachedCall: { level: 'weak', whenCutOff: 'answers' },
  },
  reach: 'machine',
});

function notStarted(): ServiceError {
  return new ServiceError('Unavailable', 'the registry of the local profile has not started', { executed: 'no' });
}
