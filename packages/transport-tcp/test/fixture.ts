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
import { materialOf, testTls as tlsWith } from '../../../test/tls/test-tls.js';
import { type TcpOptions, tcpTransport } from '../src/index.js';

/** A transport as an application's container makes it, with its one timer to stop. */
export type ClosableTransport = Transport & { close(): Promise<void> };

export interface TransportParts {
  readonly options?: TcpOptions;
  readonly codecs?: readonly Codec[];
  readonly clock?: Clock;
  readonly tls?: Tls | undefined;
  readonly logger?: ReturnType<typeof silentLogger>;
}

export function newTransport(parts: TransportParts = {}): ClosableTransport {
  const { options, codecs = newCodecs(), clock = systemClock(), tls, logger = silentLogger() } = parts;
  const { create } = tcpTransport(options);
  return (create as (...dependencies: unknown[]) => ClosableTransport)(codecs, tls, clock, logger);
}

/** msgpack first, then JSON. */
export function newCodecs(): readonly Codec[] {
  return [msgpackCodec(), jsonCodec()].map(({ create }) => (create as () => Codec)());
}

/** A calling side and any number of answering sides on loopback ports, for the conformance suite. */
export function newFixture(tls?: Tls): TransportFixture {
  const codecs = newCodecs();
  const clock = systemClock();
  const ports: SharedPort[] = [];
  const relays: FreezableRelay[] = [];
  const transports: ClosableTransport[] = [];
  const made = (parts: TransportParts): ClosableTransport => {
    const transport = newTransport({ ...parts, tls });
    transports.push(transport);
    return transport;
  };
  return {
    codecs,
    clock,
    client: made({ codecs: clientSideCodecs(codecs), clock }),
    nobody: nodeAt('127.0.0.1:1'),
    serve: async (): Promise<TransportServerSide> => {
      const options = { instance: `instance-${ports.length}`, maxMessageBytes: 256 * 1_024 };
      const port = new SharedPort(options, silentLogger(), tls);
      ports.push(port);
      const serverClock = shiftedClock(clock, 1_000_000);
      return {
        transport: made({ codecs: serverSideCodecs(codecs), clock: serverClock }),
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
      for (const transport of transports) await transport.close();
    },
  };
}

export function nodeAt(address: string, id = `node-${address}`): Node {
  return { id, address, metadata: { 'tenon-protocols': 'tenon/1,http' } };
}

/** TLS with the certificate of `name`. */
export function testTls(name: string, more: Partial<Tls> = {}): Tls {
  return tlsWith({ material: materialOf(name), ...more });
}

/** The clock of another machine: same pace, another origin. */
function shiftedClock(clock: Clock, byMs: number): Clock {
  return {
    now: () => clock.now() + byMs,
    wallTime: () => clock.wallTime() + byMs,
    after: (delayMs, callback) => clock.after(delayMs, callback),
  };
}
