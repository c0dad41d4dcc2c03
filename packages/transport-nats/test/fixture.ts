import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  clientSideCodecs,
  FreezableRelay,
  serverSideCodecs,
  type TransportFixture,
  type TransportServerSide,
} from '@tenon/conformance';
import type { Clock, Codec, Lifecycle, Listener, Logger, Node, Port, Provider, Transport } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import type { NatsServer } from '../../../test/nats-server/nats-server.js';
import { type NatsTransportOptions, natsTransport } from '../src/index.js';

/** A transport as an application's container would put it together, which looks after its life too. */
export type LivingTransport = Transport & Required<Pick<Lifecycle, 'start' | 'close'>>;

export function newTransport(
  options: NatsTransportOptions,
  codecs: readonly Codec[] = [newCodec(jsonCodec()), newCodec(msgpackCodec())],
  clock: Clock = systemClock(),
  logger: Logger = silentLogger(),
): LivingTransport {
  const { create } = natsTransport(options) as unknown as {
    create(codecs: readonly Codec[], clock: Clock, logger: Logger): LivingTransport;
  };
  return create(codecs, clock, logger);
}

export function newCodec(provider: Provider<Codec>): Codec {
  return (provider.create as () => Codec)();
}

/** In more of a hurry than the defaults, as tests are. */
export const brisk = { signIntervalMs: 100, reconnect: { baseMs: 20, maxMs: 100 } };

/** A port without a socket: all that this transport asks of one. */
export function portOf(instance: string, maxMessageBytes = 256 * 1_024): Port {
  const claim = (): never => {
    throw new Error('the NATS transport claimed something of a socket');
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

export function nodeOf(listener: Listener, id = 'node-1'): Node {
  return { id, address: listener.address, metadata: {} };
}

/** A calling side and any number of answering sides over one server, for the conformance suite. */
export async function newFixture(server: NatsServer): Promise<TransportFixture> {
  const codecs = [newCodec(jsonCodec()), newCodec(msgpackCodec())];
  const clock = systemClock();
  const endings: (() => Promise<void>)[] = [];
  const started = async (address: string, own: readonly Codec[], ownClock: Clock): Promise<LivingTransport> => {
    const transport = newTransport({ servers: [address], ...brisk }, own, ownClock);
    endings.push(() => transport.close());
    await transport.start(new AbortController().signal);
    return transport;
  };
  const client = await started(server.address, clientSideCodecs(codecs), clock);
  return {
    codecs,
    clock,
    client,
    nobody: { id: 'nobody', address: 'nats:tenon.node.nobody', metadata: {} },
    serve: async (): Promise<TransportServerSide> => {
      const relay = await FreezableRelay.to('127.0.0.1', server.port);
      let isOpen = true;
      const vanish = async (): Promise<void> => {
        if (isOpen) await relay.close();
        isOpen = false;
      };
      endings.push(vanish);
      const serverClock = shiftedClock(clock, 1_000_000);
      const transport = await started(relay.address, serverSideCodecs(codecs), serverClock);
      return {
        transport,
        clock: serverClock,
        port: portOf(crypto.randomUUID()),
        open: async (listener) => nodeOf(listener),
        openFreezable: async (listener) => ({ node: nodeOf(listener), freeze: () => relay.freeze() }),
        vanish,
      };
    },
    dispose: async () => {
      for (const end of endings.reverse()) await end();
    },
  };
}

/** The clock of another machine: same pace, another origin. */
function shiftedClock(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    wallTime: () => clock.wallTime() + byMs,
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
