import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  clientSideCodecs,
  FreezableRelay,
  serverSideCodecs,
  type TransportFixture,
  type TransportServerSide,
} from '@tenon/conformance';
import type { Clock, Codec, Node, Tls, Transport } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { SharedPort } from '@tenon/core';
import { type GrpcOptions, grpcTransport } from '../src/index.js';

/** What an application's container would put together. */
export function newTransport(codecs: readonly Codec[], clock: Clock, tls?: Tls, options: GrpcOptions = {}): Transport {
  const { create } = grpcTransport(options);
  return (create as (...dependencies: unknown[]) => Transport)(codecs, tls, clock, silentLogger());
}

export function newCodec(provider: { readonly create: (...dependencies: never[]) => Codec }): Codec {
  return provider.create();
}

/** A calling side and any number of answering sides on loopback ports, for the conformance suite. */
export function newFixture(options: GrpcOptions = {}, tls?: Tls): TransportFixture {
  const codecs = [newCodec(jsonCodec()), newCodec(msgpackCodec())];
  const clock = systemClock();
  const ports: SharedPort[] = [];
  const relays: FreezableRelay[] = [];
  const metadata = { protocol: 'mucp', 'tenon-protocols': 'tenon/1,grpc' };
  const nodeAt = (address: string): Node => ({ id: `node-${address}`, address, metadata });
  return {
    codecs,
    clock,
    client: newTransport(clientSideCodecs(codecs), clock, tls, options),
    nobody: nodeAt('127.0.0.1:1'),
    // Both kernel buffers of a loopback connection grow to some megabytes.
    wireBufferBytes: 8 * 1_024 * 1_024,
    serve: async (): Promise<TransportServerSide> => {
      const port = new SharedPort(
        { instance: `instance-${ports.length}`, maxMessageBytes: 256 * 1_024 },
        silentLogger(),
        tls,
      );
      ports.push(port);
      const serverClock = shiftedClock(clock, 1_000_000);
      return {
        transport: newTransport(serverSideCodecs(codecs), serverClock, tls, options),
        clock: serverClock,
        port,
        open: async () => {
          const address = await port.open();
          return nodeAt(`${address?.host}:${address?.port}`);
        },
        openFreezable: async () => {
          const address = await port.open();
          const relay = await FreezableRelay.to(address?.host ?? '', address?.port ?? 0);
          relays.push(relay);
          return { node: nodeAt(relay.address), freeze: () => relay.freeze() };
        },
        vanish: () => port.close(),
      };
    },
    dispose: async () => {
      for (const relay of relays) await relay.close();
      for (const port of ports) await port.close();
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
