import {
  all,
  type CallHandler,
  Clock,
  Codec,
  type Connection,
  type Listener,
  type Node,
  nodeMetadata,
  type Port,
  type Provider,
  provide,
  ServiceError,
  Transport,
} from '@tenon/contract';
import { CodecSet, DeadlineWheel } from '@tenon/contract/authoring';
import { MemoryConnection } from './memory-connection.js';
import { MemoryListener } from './memory-listener.js';
import { MemoryNetwork, memoryAddress } from './memory-network.js';

export interface MemoryTransportOptions {
  /**
   * The medium to talk over: nodes that share it reach each other. Applications that list the same provider value share
   * one in any case.
   *
   * @defaultValue a new network, shared by whoever lists the returned provider
   */
  readonly network?: MemoryNetwork | undefined;
  /**
   * Who calls, for `MemoryNetwork.cut` and `partition`, where this side does not listen itself.
   *
   * @defaultValue the instance of the port it listens on
   */
  readonly instance?: string | undefined;
}

/**
 * Calls between nodes of one process, over the same steps as on a real wire: each value becomes bytes by the real codec
 * and is read back from them, so nothing is shared, and what cannot be encoded fails here as it would in production.
 *
 * Carries unary calls and streams of every kind. Reaches nodes whose address is `memory:<instance>`, or whose `tenon-protocols` name `memory`.
 */
export function memoryTransport(options: MemoryTransportOptions = {}): Provider<Transport> {
  const network = options.network ?? new MemoryNetwork();
  return provide(
    Transport,
    [all(Codec), Clock],
    (codecs, clock) => new MemoryTransport(network, codecs, clock, options.instance),
  );
}

class MemoryTransport implements Transport {
  readonly name = 'memory';
  readonly kinds = Object.freeze(['unary', 'server', 'client', 'bidi'] as const);
  readonly #network: MemoryNetwork;
  readonly #codecs: CodecSet;
  readonly #clock: Clock;
  readonly #wheel: DeadlineWheel;
  readonly #defaultContentType: string;
  #instance: string | undefined;

  constructor(network: MemoryNetwork, codecs: readonly Codec[], clock: Clock, instance?: string) {
    this.#network = network;
    this.#codecs = new CodecSet(codecs);
    this.#clock = clock;
    this.#wheel = new DeadlineWheel(clock);
    this.#instance = instance;
    this.#defaultContentType = defaultContentType(codecs);
  }

  reaches(node: Node): boolean {
    if (node.address.startsWith('memory:')) return true;
    const protocols = node.metadata[nodeMetadata.protocols];
    return protocols?.split(',').some((protocol) => protocol.trim() === this.name) ?? false;
  }

  async dial(node: Node, options: { readonly service: string; readonly signal?: AbortSignal }): Promise<Connection> {
    if (options.signal?.aborted) {
      throw new ServiceError('Canceled', `dialling ${node.address} was aborted`, {
        executed: 'no',
        cause: options.signal.reason,
      });
    }
    // A node that listens beside another transport has that one's address; its instance is what names it here.
    const instance = node.metadata[nodeMetadata.instance];
    const address = instance === undefined ? node.address : memoryAddress(instance);
    const caller = () => this.#instance;
    this.#network.route(caller(), address);
    return new MemoryConnection({
      network: this.#network,
      codecs: this.#codecs,
      clock: this.#clock,
      wheel: this.#wheel,
      defaultContentType: this.#defaultContentType,
      address,
      node: node.id,
      caller,
    });
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const listener = new MemoryListener(this.#network, this.#codecs, this.#clock, port, handler);
    this.#network.attach(listener);
    this.#instance ??= port.instance;
    return listener;
  }
}

/** msgpack where it is bound: it is the default between Tenon nodes, and keeps bytes and dates. */
function defaultContentType(codecs: readonly Codec[]): string {
  const chosen = codecs.find(({ contentType }) => contentType === 'application/msgpack') ?? codecs[0];
  if (chosen !== undefined) return chosen.contentType;
  throw new ServiceError(
    'FailedPrecondition',
    'the memory transport needs a codec and none is bound: add jsonCodec() or msgpackCodec() to the modules',
    { executed: 'no' },
  );
}
