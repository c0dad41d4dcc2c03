import {
  all,
  type CallHandler,
  Clock,
  Codec,
  type Connection,
  type EndpointKind,
  type Lifecycle,
  type Listener,
  Logger,
  type Node,
  optional,
  type Port,
  type Provider,
  provide,
  ServiceError,
  Tls,
  Transport,
} from '@tenon/contract';
import { DeadlineWheel } from '@tenon/contract/authoring';
import { BufferPool, pooledBytes } from './buffer-pool.js';
import { BoundCodecs } from './connection-codecs.js';
import { protocolName } from './preamble.js';
import { StreamBudget } from './stream-budget.js';
import { speaksTenon, tcpAddress } from './tcp-address.js';
import { dial } from './tcp-dial.js';
import { TcpListener } from './tcp-listener.js';
import { type ResolvedTcpOptions, resolveTcpOptions, type TcpOptions } from './tcp-options.js';
import { TurnQueue } from './turn-queue.js';
import type { WireContext } from './wire-context.js';

/**
 * Calls over tenon/1, the wire between Tenon nodes: any number at once on one connection, unary and streams of all kinds,
 * in the clear with checksums, or under TLS where a `Tls` is bound. Needs a codec.
 *
 * @throws ServiceError `InvalidArgument` on an option out of range; `FailedPrecondition`, when the application is made,
 * where no codec is bound.
 */
export function tcpTransport(options: TcpOptions = {}): Provider<Transport> {
  const resolved = resolveTcpOptions(options);
  return provide(
    Transport,
    [all(Codec), optional(Tls), Clock, Logger],
    (codecs, tls, clock, logger) => new TcpTransport(resolved, codecs, tls, clock, logger),
  );
}

class TcpTransport implements Transport, Lifecycle {
  readonly name = protocolName;
  readonly kinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
  readonly #context: WireContext;
  readonly #tls: Tls | undefined;

  constructor(
    options: ResolvedTcpOptions,
    codecs: readonly Codec[],
    tls: Tls | undefined,
    clock: Clock,
    logger: Logger,
  ) {
    if (codecs.length === 0) {
      throw new ServiceError('FailedPrecondition', 'tenon/1 needs a codec: add msgpackCodec() to the modules', {
        executed: 'no',
      });
    }
    this.#tls = tls;
    this.#context = Object.freeze({
      options,
      clock,
      logger,
      codecs: new BoundCodecs(codecs),
      wheel: new DeadlineWheel(clock),
      buffers: new BufferPool(),
      budget: new StreamBudget(options.maxStreamBufferBytes),
      turns: new TurnQueue(maxWaitingBytes),
      readBuffer: Buffer.allocUnsafeSlow(pooledBytes),
    });
  }

  reaches(node: Node): boolean {
    return speaksTenon(node) && tcpAddress(node.address) !== undefined;
  }

  async dial(
    node: Node,
    { service, signal }: { readonly service: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Connection> {
    const address = tcpAddress(node.address);
    if (address === undefined) {
      const text = `${JSON.stringify(node.address)} is no address of the form host:port`;
      throw new ServiceError('Unavailable', text, { executed: 'no', service, node: node.id });
    }
    return dial(this.#context, { node, service, address, tls: this.#tls, signal });
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const listener = new TcpListener(this.#context, port, handler);
    port.claimConnection(listener);
    return listener;
  }

  /** Stops its one timer. Connections and listeners are closed by whoever has them. */
  async close(): Promise<void> {
    this.#context.wheel.close();
  }
}

/** Twice the default limit of a message: reading goes on while one is being seen to. */
const maxWaitingBytes = 8 * 1_024 * 1_024;
