import { connect, type OnReadOpts, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { ServiceError, Tls } from '@tenon/contract';
import { clientTlsOptions, tlsDialError } from '@tenon/contract/authoring';
import type { HttpAddress } from './http-address.js';
import { wireError } from './wire-error.js';

/** Begins connections to one node. */
export interface Dialer {
  /** @param onBytes - gets what is read, of use only until it returns. Absent: the socket is read as any other. */
  dial(onBytes?: (bytes: Buffer) => void): Socket;
  /** The event of a socket that is ready. */
  readonly readyEvent: 'connect' | 'secureConnect';
  /** What an error of a socket means as long as no call has gone out, and under TLS also for the first ones. */
  explain(error: Error): ServiceError | undefined;
}

/** Connects in the clear. */
export function clearDialer({ host, port }: HttpAddress): Dialer {
  return {
    dial: (onBytes) => {
      const read = onBytes && { onread: intoOneBuffer(onBytes) };
      return connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: kernelAfterMs, ...read });
    },
    readyEvent: 'connect',
    explain: () => undefined,
  };
}

/**
 * Connects under TLS, each time with the newest material.
 *
 * @param alpn - the protocol to speak, which the peer must choose too.
 */
export function tlsDialer({ host, port }: HttpAddress, service: string, alpn: 'h2' | 'http/1.1', tls: Tls): Dialer {
  const peer = { host, service, alpn };
  return {
    dial: (onBytes) => {
      const socket = connectTls({ host, port, ...clientTlsOptions(tls, peer, checkServerIdentity) });
      if (onBytes !== undefined) socket.on('data', onBytes);
      return socket.setKeepAlive(true, kernelAfterMs).setNoDelay(true);
    },
    readyEvent: 'secureConnect',
    explain: (error) => tlsDialError(error, peer),
  };
}

/** What an error of a socket that was never ready means. */
export function unreachable(dialer: Dialer, error: Error): ServiceError {
  return dialer.explain(error) ?? wireError(error, false, false);
}

/** Reads into a buffer that the socket keeps, where Node would make one of 64 KiB for each read and cut it down. */
function intoOneBuffer(onBytes: (bytes: Buffer) => void): OnReadOpts {
  const buffer = Buffer.allocUnsafeSlow(readBytes);
  const callback = (bytes: number): boolean => {
    onBytes(buffer.subarray(0, bytes));
    return true;
  };
  return { buffer, callback };
}

const readBytes = 16 * 1_024;
/** Then the system asks once a second, and gives up after the tenth time: a host that vanished is noticed within 14 s. */
const kernelAfterMs = 4_000;
