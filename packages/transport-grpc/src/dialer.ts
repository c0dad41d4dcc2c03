import { connect } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { Tls } from '@tenon/contract';
import { clientTlsOptions, type Http2Dialer, tlsDialError } from '@tenon/contract/authoring';
import type { GrpcAddress } from './node-address.js';

/** Connects in the clear, where HTTP/2 is spoken without asking first. */
export function clearDialer({ host, port }: GrpcAddress): Http2Dialer {
  return {
    dial: () => connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: kernelAfterMs }),
    readyEvent: 'connect',
    explain: () => undefined,
  };
}

/** Connects under TLS, each time with the newest material. */
export function tlsDialer({ host, port }: GrpcAddress, service: string, tls: Tls): Http2Dialer {
  const peer = { host, service, alpn: 'h2' };
  return {
    dial: () => {
      const socket = connectTls({ host, port, ...clientTlsOptions(tls, peer, checkServerIdentity) });
      return socket.setKeepAlive(true, kernelAfterMs).setNoDelay(true);
    },
    readyEvent: 'secureConnect',
    explain: (error) => tlsDialError(error, peer),
  };
}

/** Then the system asks once a second, and gives up after the tenth time: a host that vanished is noticed within 14 s. */
const kernelAfterMs = 4_000;
