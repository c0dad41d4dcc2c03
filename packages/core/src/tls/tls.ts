import {
  type CancelTimer,
  Clock,
  type Lifecycle,
  Logger,
  type Provider,
  provide,
  ServiceError,
  Tls,
  type TlsMaterial,
} from '@tenon/contract';
import { checkedTlsMaterial } from './tls-check.js';
import { type ResolvedTlsOptions, resolveTlsOptions, type TlsOptions } from './tls-options.js';
import { readTlsParts, type TlsParts } from './tls-source.js';

/**
 * Puts all wires of an app under TLS.
 *
 * @example
 * modules: [tls({ ca: '/etc/tls/ca.pem', cert: '/etc/tls/tls.crt', key: '/etc/tls/tls.key', mutual: true })]
 *
 * @throws ServiceError `InvalidArgument` on an option that cannot be. Starting rejects with `FailedPrecondition` where the
 * material cannot be used: a file that is missing or unreadable, a key of another certificate, a certificate that has
 * expired or is not valid yet.
 */
export function tls(options: TlsOptions = {}): Provider<Tls> {
  const resolved = resolveTlsOptions(options);
  return provide(Tls, [Logger, Clock], (logger, clock) => new ReloadingTls(resolved, logger, clock));
}

/** Material that is read at start and again each `reloadMs`. Holds everything in private fields: printing it tells nothing. */
class ReloadingTls implements Tls, Lifecycle {
  readonly mutual: boolean;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly serverName: string | undefined;
  readonly #options: ResolvedTlsOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();
  #material: TlsMaterial | undefined;
  /** What `#material` was made of. */
  #seen: TlsParts | undefined;
  #complaint: string | undefined;
  #cancelReload: CancelTimer | undefined;
  #closed = false;

  constructor(options: ResolvedTlsOptions, logger: Logger, clock: Clock) {
    this.mutual = options.mutual;
    this.minVersion = options.minVersion;
    this.serverName = options.serverName;
    this.#options = options;
    this.#logger = logger;
    this.#clock = clock;
  }

  get material(): TlsMaterial {
    if (this.#material !== undefined) return this.#material;
    throw new ServiceError('FailedPrecondition', 'the TLS material is read at start, and this is before it', {
      executed: 'no',
    });
  }

  onChange(listener: () => void): () => void {
    const one = (): void => listener();
    this.#listeners.add(one);
    return () => void this.#listeners.delete(one);
  }

  async start(): Promise<void> {
    if (this.#material !== undefined) return;
    const parts = await readTlsParts(this.#options);
    this.#material = checkedTlsMaterial(parts, this.mutual, this.#clock.wallTime());
    this.#seen = parts;
    this.#scheduleReload();
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#cancelReload?.();
    this.#listeners.clear();
    return Promise.resolve();
  }

  #scheduleReload(): void {
    if (this.#closed) return;
    this.#cancelReload?.();
    this.#cancelReload = this.#clock.after(this.#options.reloadMs, () => void this.#reload());
  }

  async #reload(): Promise<void> {
    try {
      const parts = await readTlsParts(this.#options);
      if (this.#closed) return;
      if (this.#seen === undefined || !sameParts(parts, this.#seen)) this.#take(parts);
      this.#complaint = undefined;
    } catch (error) {
      this.#complain(ServiceError.from(error));
    }
    this.#scheduleReload();
  }

  #take(parts: TlsParts): void {
    const material = checkedTlsMaterial(parts, this.mutual, this.#clock.wallTime());
    this.#seen = parts;
    this.#material = material;
    this.#logger.info('new TLS material holds for new connections');
    for (const listener of this.#listeners) this.#tell(listener);
  }

  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#logger.error('new TLS material could not be taken over', { error });
    }
  }

  /** Once for each thing that is wrong, however often it is looked at. */
  #complain(error: ServiceError): void {
    if (this.#closed || this.#complaint === error.message) return;
    this.#complaint = error.message;
    this.#logger.error('new TLS material cannot be used; the old one stays', { error });
  }
}

function sameParts(one: TlsParts, other: TlsParts): boolean {
  return one.ca?.pem === other.ca?.pem && one.cert?.pem === other.cert?.pem && one.key?.pem === other.key?.pem;
}
