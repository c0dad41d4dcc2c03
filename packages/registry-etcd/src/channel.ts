import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { ServiceError } from '@tenon/contract';
import { Etcd3, type ICallable } from 'etcd3';
import type { EtcdTls } from './etcd-options.js';

/** An etcd service, by its name in the protocol. */
export type Service = Parameters<ICallable<unknown>['exec']>[0];

/** A gRPC client, and the metadata for one call on it. */
export type Opened = Pick<Parameters<Parameters<ICallable<unknown>['withConnection']>[1]>[0], 'client' | 'metadata'>;

/**
 * The gRPC clients of one endpoint and their sockets.
 *
 * The sockets are also kept in a set of the caller, which outlives the channel: who destroys those ends what streams of
 * dropped channels still run on.
 */
export class Channel {
  readonly endpoint: string;
  readonly #allSockets: Set<Socket>;
  readonly #pool: ICallable<unknown>;
  readonly #clients = new Set<Opened['client']>();
  readonly #sockets = new Set<Socket>();
  #isDropped = false;

  constructor(endpoint: string, tls: EtcdTls | undefined, allSockets: Set<Socket>) {
    this.endpoint = endpoint;
    this.#allSockets = allSockets;
    const credentials = tls === undefined ? {} : { credentials: credentialsOf(tls) };
    // Private members, but the only way to gRPC clients without loading the .proto files ourselves.
    const pool = new Etcd3({ hosts: endpoint, grpcOptions, ...credentials })['pool'];
    for (const host of pool['hosts']) this.#watchSockets(host['channelCredentials']);
    this.#pool = pool;
  }

  /** The client of one service. Rejects with `Unavailable` once the channel was dropped. */
  async open(service: Service): Promise<Opened> {
    const opened = await this.#pool.withConnection(service, (given) => given);
    this.#clients.add(opened.client);
    if (!this.#isDropped) return opened;
    opened.client.close();
    throw this.#droppedError();
  }

  /**
   * Takes no new calls; those that run, and streams, go on: a slow answer must not cost every watch its connection.
   *
   * gRPC resolves the address of a new client in the next turn of the event loop, and connects then for good also where
   * the client was closed meanwhile: hence it is closed after that turn.
   */
  async drop(): Promise<void> {
    this.#isDropped = true;
    await setImmediate();
    for (const client of this.#clients) client.close();
    for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  /**
   * gRPC never gives up a connection whose peer accepted it and then says nothing (a stopped etcd), not even when it is
   * closed: each attempt would leave a socket. So the credentials, which see every socket first, hand them to us. They are
   * also asked before gRPC connects, which it does once more after its client was closed: what was dropped says no.
   */
  #watchSockets(credentials: object): void {
    const create: unknown = Reflect.get(credentials, '_createSecureConnector');
    if (typeof create !== 'function') return;
    Reflect.set(credentials, '_createSecureConnector', (...given: unknown[]) => {
      const connector: SecureConnector = Reflect.apply(create, credentials, given);
      const connect = connector.connect.bind(connector);
      const waitForReady = connector.waitForReady.bind(connector);
      connector.waitForReady = () => (this.#isDropped ? Promise.reject(this.#droppedError()) : waitForReady());
      connector.connect = (socket) => {
        this.#keep(socket);
        return connect(socket);
      };
      return connector;
    });
  }

  #droppedError(): ServiceError {
    return new ServiceError('Unavailable', `the connection to etcd at ${this.endpoint} was dropped`, {
      executed: 'no',
    });
  }

  #keep(socket: Socket): void {
    if (this.#isDropped) socket.destroy();
    for (const sockets of [this.#sockets, this.#allSockets]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
  }
}

/**
 * One connection attempt for each attempt of ours: gRPC's own reconnecting is left no room, because a failed channel is
 * closed, and connects no more; its backoff is only how long its timer outlives that. etcd refuses pings that come more often than each 5 s.
 */
const grpcOptions = Object.freeze({
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': 64 * 1_024 * 1_024,
  // What one registry closes must not stay open because another one of this process has the same etcd, and no timer of a
  // shared pool may outlive both.
  'grpc.use_local_subchannel_pool': 1,
  // Never read the environment for a proxy, nor DNS for a service configuration.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
});

function credentialsOf({ ca, cert, key }: EtcdTls) {
  const bytes = (pem: string | Buffer): Buffer => Buffer.from(pem);
  return {
    rootCertificate: bytes(ca ?? rootCertificates.join('\n')),
    ...(key === undefined || cert === undefined ? {} : { privateKey: bytes(key), certChain: bytes(cert) }),
  };
}

/** What gRPC's credentials make, as far as it concerns us. */
interface SecureConnector {
  waitForReady(): Promise<void>;
  connect(socket: Socket): Promise<unknown>;
}
