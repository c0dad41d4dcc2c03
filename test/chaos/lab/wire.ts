import { fileURLToPath } from 'node:url';
import { grpcTransport } from '@tenon/transport-grpc';
import { type HttpOptions, httpTransport } from '@tenon/transport-http';
import { type TcpOptions, tcpTransport } from '@tenon/transport-tcp';
import type { Module, TlsOptions } from 'tenon';

/** What calls go over. `memory` is a fleet in one process; the others are processes on loopback ports. */
export const wires = ['tenon/1', 'tenon/1+tls', 'http/1.1', 'h2+tls', 'memory'] as const;
/** Those over which a row runs only where it says so itself, or `--wires` does. */
export const furtherWires = ['grpc'] as const;
export const allWires = [...wires, ...furtherWires] as const;
export type Wire = (typeof allWires)[number];

export function isWire(text: string): text is Wire {
  return (allWires as readonly string[]).includes(text);
}

/** Options of the transport of a wire, whichever it is: those of the other one are not looked at. */
export interface TransportTuning {
  readonly tcp?: TcpOptions;
  readonly http?: HttpOptions;
}

/** The transport of a wire between processes. */
export function transportOf(wire: Wire, { tcp, http }: TransportTuning = {}): Module {
  if (wire === 'grpc') return grpcTransport();
  return wire.startsWith('tenon/1') ? tcpTransport(tcp) : httpTransport(http);
}

/** What both sides of a wire under TLS show: throwaway certificates of 127.0.0.1, made for tests. */
export function tlsOf(wire: Wire): TlsOptions | undefined {
  if (!wire.endsWith('+tls')) return undefined;
  const file = (name: string): string => fileURLToPath(new URL(name, certificates));
  return { ca: file('ca.pem'), cert: file('server.pem'), key: file('server-key.pem'), mutual: true };
}

/** This file runs from `test/chaos/dist/chaos/lab`. */
const certificates = new URL('../../../../tls/', import.meta.url);
