import { jsonCodec } from '@tenon/codec-json';
import { clientSideCodecs, type FixtureFactory, serverSideCodecs, type TransportFixture } from '@tenon/conformance';
import {
  type CallHandler,
  type Clock,
  type Codec,
  type Connection,
  type Listener,
  type Node,
  type Port,
  Transport,
} from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { MemoryNetwork, memoryTransport } from '@tenon/transport-memory';
import { richDecoder, richEncoder } from './rich-codec.js';

/** What a broken transport does otherwise. Each field wraps the part that works. */
export interface BrokenTransport {
  readonly kinds?: Transport['kinds'];
  readonly reaches?: (node: Node) => boolean;
  readonly dial?: (dial: Transport['dial']) => Transport['dial'];
  readonly connection?: (good: Connection) => Partial<Connection>;
  /** Stands between the transport and the handler: sees calls on their way in and replies on their way out. */
  readonly handler?: (good: CallHandler) => CallHandler;
  readonly listener?: (good: Listener) => Partial<Listener>;
  readonly port?: (good: Port) => Partial<Port>;
  readonly listening?: () => void;
}

/** Breaks a transport that works. Called for each fixture, so that both sides can share what it closes over. */
export type BreakTransport = (clientClock: Clock) => BrokenTransport;

/** The memory transport with two codecs, and another clock for each server. */
export function transportFixtures(breakIt: BreakTransport = () => ({})): FixtureFactory<TransportFixture> {
  return {
    create() {
      const network = new MemoryNetwork();
      const codecs = twoCodecs();
      const clock = systemClock();
      const broken = breakIt(clock);
      let servers = 0;
      return {
        client: brokenClient(newTransport(network, clientSideCodecs(codecs), clock), broken),
        clock,
        codecs,
        nobody: { id: 'nobody', address: 'memory:nobody', metadata: {} },
        async serve() {
          servers += 1;
          const instance = `server-${servers}`;
          const serverClock = shifted(clock, servers * 1_000_000);
          return {
            transport: brokenServer(newTransport(network, serverSideCodecs(codecs), serverClock), broken),
            clock: serverClock,
            port: portOf(instance),
            open: async ({ address }) => ({ id: `node-${instance}`, address, metadata: {} }),
            openFreezable: async ({ address }) => ({
              node: { id: `node-${instance}`, address, metadata: {} },
              freeze: () => network.cut(instance),
            }),
            vanish: async () => network.cut(instance),
          };
        },
        dispose: async () => {},
      };
    },
  };
}

function newTransport(network: MemoryNetwork, codecs: readonly Codec[], clock: Clock): Transport {
  const create = memoryTransport({ network }).create as (codecs: readonly Codec[], clock: Clock) => Transport;
  return create(codecs, clock);
}

function brokenClient(good: Transport, broken: BrokenTransport): Transport {
  const dial: Transport['dial'] = async (node, options) => {
    const connection = await good.dial(node, options);
    return {
      unary: (call) => connection.unary(call),
      stream: (call) => connection.stream(call),
      drain: () => connection.drain(),
      close: () => connection.close(),
      probe: async (timeoutMs) => (await connection.probe?.(timeoutMs)) ?? false,
      ...broken.connection?.(connection),
    };
  };
  return {
    name: good.name,
    kinds: broken.kinds ?? good.kinds,
    reaches: broken.reaches ?? ((node) => good.reaches(node)),
    dial: broken.dial?.(dial) ?? dial,
    listen: (port, handler) => good.listen(port, handler),
  };
}

function brokenServer(good: Transport, broken: BrokenTransport): Transport {
  return {
    name: good.name,
    kinds: broken.kinds ?? good.kinds,
    reaches: (node) => good.reaches(node),
    dial: (node, options) => good.dial(node, options),
    async listen(port, handler) {
      broken.listening?.();
      const listener = await good.listen({ ...port, ...broken.port?.(port) }, broken.handler?.(handler) ?? handler);
      return {
        address: listener.address,
        drain: (signal) => listener.drain(signal),
        close: () => listener.close(),
        ...broken.listener?.(listener),
      };
    },
  };
}

/** A port without a socket. */
function portOf(instance: string): Port {
  const none = () => {};
  return {
    instance,
    maxMessageBytes: 256 * 1_024,
    encrypted: false,
    claimHttp: none,
    claimHttp2: none,
    claimHttpConnection: none,
    claimConnection: none,
  };
}

function twoCodecs(): readonly Codec[] {
  const json = (jsonCodec().create as () => Codec)();
  const session = json.open();
  const rich: Codec = {
    contentType: 'application/x-rich',
    aliases: [],
    capabilities: { bytes: true, dates: true, bigints: true, nonFinite: true },
    open: () => ({
      encoder: () => richEncoder(session.encoder()),
      decoder: () => richDecoder(session.decoder()),
    }),
  };
  return [json, rich];
}

/** The clock of another machine: the same pace, another origin. */
function shifted(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    wallTime: () => clock.wallTime(),
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
