import type { Logger } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { FaultProxy } from '@tenon/testing/fault-proxy';
import { type ChannelModel, connect } from 'amqplib';
import { RabbitmqBroker } from '../src/rabbitmq-broker.js';
import { type RabbitmqOptions, resolveRabbitmqOptions } from '../src/rabbitmq-options.js';
import type { RabbitmqServer } from './rabbitmq-server.js';

/**
 * The brokers of one test, which end with it, the last made first. Cases share a server and nothing on it: each has exchanges of its own,
 * whose names all queues begin with.
 */
export class Stage {
  readonly #endings: (() => Promise<unknown>)[] = [];
  #name = crypto.randomUUID().slice(0, 8);

  /** The options that keep a case apart from the others. */
  get names(): { readonly exchange: string; readonly durableExchange: string } {
    return { exchange: `micro-${this.#name}`, durableExchange: `tenon-${this.#name}` };
  }

  /** A broker that has not been started. */
  broker(options: RabbitmqOptions, logger: Logger = silentLogger()): RabbitmqBroker {
    const resolved = resolveRabbitmqOptions({ ...this.names, ...options });
    const broker = new RabbitmqBroker(resolved, logger, systemClock());
    this.onEnd(() => broker.close());
    return broker;
  }

  /** A broker that is connected to a server. */
  async client(server: RabbitmqServer, options: RabbitmqOptions = {}, logger?: Logger): Promise<RabbitmqBroker> {
    const broker = this.broker({ servers: [server.address], ...brisk, ...options }, logger);
    await broker.start(never);
    return broker;
  }

  /** A broker whose connections can be cut, and what cuts them. */
  async cuttable(
    server: RabbitmqServer,
    options: RabbitmqOptions = {},
    logger?: Logger,
  ): Promise<{ readonly broker: RabbitmqBroker; readonly proxy: FaultProxy }> {
    const proxy = await FaultProxy.start({ host: '127.0.0.1', port: server.port });
    this.onEnd(() => proxy.close());
    const broker = await this.client(server, { servers: [proxy.address], ...options }, logger);
    return { broker, proxy };
  }

  /** The stock client, as anyone else would use it. */
  async stranger(server: RabbitmqServer): Promise<ChannelModel> {
    const stranger = await connect(`amqp://${server.address}`);
    stranger.on('error', () => {});
    this.onEnd(() => stranger.close().catch(() => {}));
    return stranger;
  }

  onEnd(ending: () => Promise<unknown>): void {
    this.#endings.push(ending);
  }

  async end(): Promise<void> {
    for (const ending of this.#endings.splice(0).reverse()) await ending();
    this.#name = crypto.randomUUID().slice(0, 8);
  }
}

/** In more of a hurry to be back than the defaults. */
const brisk: RabbitmqOptions = { reconnect: { baseMs: 20, maxMs: 100 } };

/** A signal that is not going to be aborted. */
export const never: AbortSignal = new AbortController().signal;
