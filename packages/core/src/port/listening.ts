import type { Server } from 'node:net';
import { ServiceError } from '@tenon/contract';

/** Where a port listens. */
export interface PortAddress {
  /** As the system knows it: `127.0.0.1`, `::1`. */
  readonly host: string;
  readonly port: number;
}

/** @throws ServiceError `FailedPrecondition`, `executed: 'no'`, that names the address and the mend. */
export function listening(server: Server, host: string, port: number): Promise<PortAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(cannotListen(error, host, port));
    server.once('error', onError);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', onError);
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has an address');
      resolve(Object.freeze({ host: address.address, port: address.port }));
    });
  });
}

/** `host:port`, an IPv6 host in brackets. */
export function joinedAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): ServiceError {
  const mend = mends[error.code ?? ''] ?? `the system says ${error.message}`;
  const text = `cannot listen on ${joinedAddress(host, port)}: ${mend}`;
  return new ServiceError('FailedPrecondition', text, { cause: error, executed: 'no' });
}

const mends: Readonly<Record<string, string>> = Object.freeze({
  EADDRINUSE: 'another process has it; stop that one, choose another port, or 0 for any free one',
  EACCES: 'this user may not have it; choose a port above 1023',
  EADDRNOTAVAIL: 'this machine has no such address; choose one of its own, or 127.0.0.1',
  ENOTFOUND: 'no such host name; choose an address of this machine, or 127.0.0.1',
});
