import { jsonCodec } from '@tenon/codec-json';
import { clientSideCodecs, type FixtureFactory, serverSideCodecs, type TransportFixture } from '@tenon/conformance';
import { type Clock, type Codec, type Node, type Port, type Provider, Transport } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryNetwork, type MemoryTransportOptions, memoryTransport } from '@tenon/transport-memory';

/** The transport as an application gets it. */
export function createMemoryTransport(
  options: MemoryTransportOptions,
  codecs: readonly Codec[],
  clock: Clock = systemClock(),
): Transport {
  const { create } = memoryTransport(options) as unknown as {
    create(codecs: readonly Codec[], clock: Clock): Transport;
  };
  return create(codecs, clock);
}

export function createCodec(provider: Provider<Codec>): Codec {
  return (provider.create as () => Codec)();
}

/** A port without a socket: all that this transport asks of one. */
export function memoryPort(instance: string, maxMessageBytes = 256 * 1_024): Port {
  const claim = (): never => {
    throw new Error('the memory transport claimed something of a socket');
  };
  return {
    instance,
    maxMessageBytes,
    encrypted: false,
    claimHttp: claim,
    claimHttp2: claim,
    claimHttpConnection: claim,
    claimConnection: claim,
  };
}

/** A clock that started at another time, as another machine's. */
export function shiftedClock(byMs: number): Clock {
  const clock = systemClock();
  return {
    now: () => clock.now() + byMs,
    wallTime: () => clock.wallTime(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}

function nodeOf(instance: string, address: string): Node {
  return { id: `node-${instance}`, address, metadata: { 'tenon-instance': instance } };
}

export const memoryFixtures: FixtureFactory<TransportFixture> = {
  create() {
    const network = new MemoryNetwork();
    const codecs = [createCodec(jsonCodec())];
    const clock = systemClock();
    let servers = 0;
    return {
      client: createMemoryTransport({ network, instance: 'caller' }, clientSideCodecs(codecs), clock),
      clock,
      codecs,
      nobody: { id: 'nobody', address: 'memory:nobody', metadata: {} },
      async serve() {
        servers += 1;
        const instance = `server-${servers}`;
        const serverClock = shiftedClock(servers * 1_000_000);
        return {
          transport: createMemoryTransport({ network }, serverSideCodecs(codecs), serverClock),
          clock: serverClock,
          port: memoryPort(instance),
          open: async (listener) => nodeOf(instance, listener.address),
          openFreezable: async (listener) => ({
            node: nodeOf(instance, listener.address),
            freeze: () => network.cut(instance),
          }),
          vanish: async () => network.cut(instance),
        };
      },
      dispose: async () => {},
    };
  },
};
