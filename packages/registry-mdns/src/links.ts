import { type CancelTimer, type Clock, type Logger, ServiceError } from '@tenon/contract';
import { Link, type LinkListener, type OutgoingPacket } from './link.js';
import type { ResolvedMdnsOptions } from './mdns-options.js';
import { chosenAddresses, type InterfaceAddress, type Network } from './network.js';

/** Who hears of what comes in, and of interfaces that come and go. Must not throw. */
export interface LinksListener extends LinkListener {
  /** No interface can be used any more. */
  onDown(trouble: ServiceError): void;
  /** One can be used again, or one more than before. */
  onUp(): void;
}

/** What they are made with. */
export interface LinksOptions {
  readonly options: ResolvedMdnsOptions;
  readonly network: Network;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly listener: LinksListener;
}

/**
 * Every interface that is to be spoken on. Interfaces come and go: once a second they are compared with what is open, and one whose
 * sending fails is opened anew.
 */
export class Links {
  readonly #given: LinksOptions;
  readonly #open = new Map<string, Link>();
  #opening: Promise<void> | undefined;
  #refreshing: Promise<void> = Promise.resolve();
  #cancelRefresh: CancelTimer = () => {};
  #isClosed = false;
  #trouble: ServiceError | undefined;

  constructor(given: LinksOptions) {
    this.#given = given;
  }

  /** Why nothing can be sent now. */
  get trouble(): ServiceError | undefined {
    return this.#trouble;
  }

  /** Opens what there is, once; from then on it is kept up. */
  opened(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#opening ??= this.#refresh();
    return this.#opening;
  }

  /** Sends on every interface, by what `send` does with one. Rejects with `Unavailable` where none could. */
  async each(send: (link: Link) => Promise<void>): Promise<void> {
    await this.opened();
    let failure: unknown;
    let sentOn = 0;
    await Promise.all(
      [...this.#open.values()].map((link) =>
        send(link).then(
          () => {
            sentOn += 1;
          },
          (error: unknown) => {
            failure = error;
            if (!isOfPacket(error)) this.#drop(link);
          },
        ),
      ),
    );
    if (sentOn > 0) return;
    if (isOfPacket(failure))
      throw new ServiceError('InvalidArgument', 'the record does not fit into a packet', { cause: failure });
    throw this.#noted(failure);
  }

  multicast(kind: 'query' | 'response', packet: OutgoingPacket): Promise<void> {
    return this.each((link) => link.multicast(kind, packet));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRefresh();
    await this.#opening;
    await this.#refreshing;
    const links = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(links.map((link) => link.close()));
  }

  async #refresh(): Promise<void> {
    this.#refreshing = this.#compare();
    await this.#refreshing;
    if (this.#isClosed) return;
    this.#cancelRefresh = this.#given.clock.after(refreshEveryMs, () => void this.#refresh());
  }

  async #compare(): Promise<void> {
    const { options, network, listener } = this.#given;
    const present = new Map(chosenAddresses(network, options.interfaces).map((at) => [at.address, at]));
    for (const [address, link] of [...this.#open]) if (!present.has(address)) this.#drop(link);
    const missing = [...present.values()].filter(({ address }) => !this.#open.has(address));
    const added = (await Promise.all(missing.map((at) => this.#add(at)))).includes(true);
    if (this.#isClosed) return;
    if (this.#open.size === 0) {
      this.#noted(undefined);
    } else if (added) {
      this.#trouble = undefined;
      listener.onUp();
    }
  }

  async #add(at: InterfaceAddress): Promise<boolean> {
    const { options, network, listener, logger } = this.#given;
    try {
      const link = await Link.open(at, { network, port: options.port, listener });
      if (this.#isClosed) await link.close();
      else this.#open.set(at.address, link);
      return true;
    } catch (error) {
      logger.debug('an interface cannot be used', { interface: at.name, address: at.address, error });
      return false;
    }
  }

  #drop(link: Link): void {
    if (this.#open.get(link.address) !== link) return;
    this.#open.delete(link.address);
    void link.close();
    if (this.#open.size === 0) this.#noted(undefined);
  }

  #noted(cause: unknown): ServiceError {
    if (this.#trouble !== undefined) return this.#trouble;
    const { options, listener } = this.#given;
    const where = options.interfaces === 'all' ? 'any interface' : options.interfaces.join(', ');
    const message = `multicast DNS cannot be spoken on ${where} (mdnsRegistry.interfaces)`;
    this.#trouble = new ServiceError('Unavailable', message, { executed: 'no', cause });
    if (!this.#isClosed) listener.onDown(this.#trouble);
    return this.#trouble;
  }
}

/** What says nothing about the interface: the packet is too large for UDP, or could not be encoded. */
function isOfPacket(error: unknown): boolean {
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  return code === 'EMSGSIZE' || (error instanceof Error && code === undefined);
}

const refreshEveryMs = 1_000;
