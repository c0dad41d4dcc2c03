import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import {
  clientSideCodecs,
  serverSideCodecs,
  type TransportFixture,
  type TransportServerSide,
} from '@tenon/conformance';
import type { Clock, Codec, Node, Transport } from '@tenon/contract';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { SharedPort } from '@tenon/core';
import { httpTransport } from '../src/index.js';

/** What an application's container would put together. */
export function newTransport(codecs: readonly Codec[], clock: Clock): Transport {
  const { create } = httpTransport();
  return (create as (...dependencies: unknown[]) => Transport)(codecs, clock, silentLogger());
}

export function newCodec(provider: { readonly create: (...dependencies: never[]) => Codec }): Codec {
  return provider.create();
}

/** A calling side and any number of answering sides on loopback ports, for the conformance suite. */
export function newFixture(): TransportFixture {
  const codecs = [newCodec(jsonCodec()), newCodec(msgpackCodec())];
  const clock = systemClock();
  const ports: SharedPort[] = [];
  return {
    codecs,
    clock,
    client: newTransport(clientSideCodecs(codecs), clock),
    nobody: nodeAt('127.0.0.1:1'),
    serve: async (): Promise<TransportServerSide> => {
      const port = new SharedPort({ instance: `instance-${ports.length}`, maxMessageBytes: 256 * 1_024 });
      ports.push(port);
      const serverClock = shiftedClock(clock, 1_000_000);
      return {
        transport: newTransport(serverSideCodecs(codecs), serverClock),
        clock: serverClock,
        port,
        open: async () => {
          const address = await port.open();
          return nodeAt(`${address?.host}:${address?.port}`);
        },
        vanish: () => port.close(),
      };
    },
    dispose: async () => {
      for (const port of ports) await port.close();
    },
  };
}

function nodeAt(address: string): Node {
  return { id: `node-${address}`, address, metadata: { protocol: 'mucp', 'tenon-protocols': 'http' } };
}

/** The clock of another machine: same pace, another origin. */
function shiftedClock(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    wallTime: () => clock.wallTime() + byMs,
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
