import type { Logger } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { NatsServer, type NatsServerOptions } from '../../../test/nats-server/nats-server.js';
import { NatsBroker } from '../src/nats-broker.js';
import { type NatsOptions, resolveNatsOptions } from '../src/nats-options.js';

/** The servers and brokers of one test, which end with it, the last made first. */
export class Stage {
  readonly #endings: (() => Promise<unknown>)[] = [];

  async server(options: NatsServerOptions = {}): Promise<NatsServer> {
    const server = await NatsServer.start(options);
    this.onEnd(() => server.stop());
    return server;
  }

  /** A broker that has not been started. */
  broker(options: NatsOptions, logger: Logger = silentLogger()): NatsBroker {
    const broker = new NatsBroker(resolveNatsOptions(options), logger, systemClock());
    this.onEnd(() => broker.close());
    return broker;
  }

  /** A broker that is connected to a server. */
  async client(server: NatsServer, options: NatsOptions = {}, logger?: Logger): Promise<NatsBroker> {
    const broker = this.broker({ servers: [server.address], ...options }, logger);
    await broker.start(never);
    return broker;
  }

  onEnd(ending: () => Promise<unknown>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).reverse()) await ending();
  }
}

/** A signal that is not going to be aborted. */
export const never: AbortSignal = new AbortController().signal;
