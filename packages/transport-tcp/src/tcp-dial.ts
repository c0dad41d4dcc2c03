import { connect, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls';
import { ServiceError, type Tls } from '@tenon/contract';
import { clientTlsOptions, tlsDialError } from '@tenon/contract/authoring';
import { protocolName } from './preamble.js';
import type { TcpAddress } from './tcp-address.js';
import { type DialledNode, TcpConnection } from './tcp-connection.js';
import type { WireContext } from './wire-context.js';

/** How a node is dialled. */
export interface Dialling extends DialledNode {
  readonly address: TcpAddress;
  /** Where it is bound nothing is sent in the clear. */
  readonly tls: Tls | undefined;
  /** Aborting it ends the attempt. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Connects and greets. Resolves when the server has welcomed this side.
 *
 * Rejects with `executed: 'no'`: `Unavailable` where the node cannot be reached in time or is not whom it should be,
 * `Canceled` on abort, and what the server refuses with.
 */
export async function dial(context: WireContext, dialling: Dialling): Promise<TcpConnection> {
  const { signal } = dialling;
  if (signal?.aborted) throw aborted(dialling);
  const socket = new DialledSocket(context, dialling);
  const abort = (): void => socket.fail(aborted(dialling));
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await socket.opened;
  } catch (thrown) {
    const error = ServiceError.from(thrown);
    throw socket.failure ?? tlsError(error.cause, dialling) ?? named(error, dialling);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** A socket from being opened to the server's greeting. A connection takes it over in between. */
class DialledSocket {
  readonly opened: Promise<TcpConnection>;
  /** Why this side gave it up. */
  failure: ServiceError | undefined;
  readonly #socket: Socket;
  #connection: TcpConnection | undefined;

  constructor(context: WireContext, dialling: Dialling) {
    const { options, clock } = context;
    const callback = (bytes: number, buffer: Uint8Array): boolean => {
      this.#connection?.receive(buffer as Buffer, 0, bytes);
      return true;
    };
    this.#socket = open(dialling, { buffer: context.readBuffer, callback });
    const stopWaiting = clock.after(options.connectTimeoutMs, () => {
      this.fail(unreachable(dialling, `it did not answer within ${options.connectTimeoutMs} ms`, undefined));
    });
    this.opened = new Promise((resolve, reject) => {
      const onError = (error: Error): void => {
        stopWaiting();
        reject(tlsError(error, dialling) ?? unreachable(dialling, textOf(error), error));
      };
      const onClose = (): void => onError(new Error('it closed the connection'));
      this.#socket.on('error', onError);
      this.#socket.on('close', onClose);
      this.#socket.once(dialling.tls === undefined ? 'connect' : 'secureConnect', () => {
        stopWaiting();
        // At once, because what is read from now on belongs to the connection.
        const connection = new TcpConnection(context, this.#socket, dialling.tls !== undefined, dialling);
        this.#connection = connection;
        this.#socket.off('error', onError);
        this.#socket.off('close', onClose);
        connection.opened().then(() => resolve(connection), reject);
      });
    });
  }

  fail(error: ServiceError): void {
    this.failure ??= error;
    this.#socket.destroy(error);
  }
}

function open({ address, tls, service }: Dialling, onread: OnReadOpts): Socket {
  const { host, port } = address;
  if (tls === undefined) return connect({ host, port, noDelay: true, onread });
  const peer = { host, service, alpn: protocolName };
  return connectTls({ ...clientTlsOptions(tls, peer, checkServerIdentity), host, port, onread } as ConnectionOptions);
}

function tlsError(thrown: unknown, { tls, address, service }: Dialling): ServiceError | undefined {
  return tls === undefined ? undefined : tlsDialError(thrown, { host: address.host, service, alpn: protocolName });
}

function unreachable(dialling: Dialling, why: string, cause: Error | undefined): ServiceError {
  const { node } = dialling;
  return named(
    new ServiceError('Unavailable', `the node at ${node.address} cannot be reached: ${why}`, { cause }),
    dialling,
  );
}

function aborted(dialling: Dialling): ServiceError {
  const cause: unknown = dialling.signal?.reason;
  return named(new ServiceError('Canceled', `dialling ${dialling.node.address} was aborted`, { cause }), dialling);
}

function named(error: ServiceError, { node, service }: Dialling): ServiceError {
  return error.with({ executed: 'no', service, node: node.id === '' ? undefined : node.id });
}

function textOf(error: NodeJS.ErrnoException): string {
  return error.code ?? error.message;
}
