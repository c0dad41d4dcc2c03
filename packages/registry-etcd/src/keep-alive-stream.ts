import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import type { IDuplexStream, ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3';
import type { EtcdConnection } from './etcd-connection.js';
import { etcdError } from './etcd-error.js';

/**
 * One gRPC stream on which leases are renewed. It also is how we notice that etcd went away between two renewals.
 *
 * Whatever goes wrong ends it for good: `failure` is set, `onFailure` called once, and renewals that wait are rejected.
 */
export class KeepAliveStream {
  readonly #connection: EtcdConnection;
  readonly #clock: Clock;
  readonly #onFailure: () => void;
  readonly #waiting = new Map<string, Renewal>();
  #stream: Stream | undefined;
  #failure: ServiceError | undefined;

  constructor(connection: EtcdConnection, clock: Clock, onFailure: () => void) {
    this.#connection = connection;
    this.#clock = clock;
    this.#onFailure = onFailure;
  }

  get failure(): ServiceError | undefined {
    return this.#failure;
  }

  /** Opens the stream. Nothing is known of etcd before the first renewal is answered. */
  async open(): Promise<void> {
    try {
      const stream = await this.#connection.leases.leaseKeepAlive();
      // Stays attached for good: a cancelled stream still emits its error.
      stream.on('error', (thrown) => this.fail(etcdError(thrown)));
      stream.on('end', () => this.fail(unavailable('etcd ended the renewal stream')));
      stream.on('data', (response) => this.#answer(response));
      this.#stream = stream;
      if (this.#failure !== undefined) stream.cancel();
    } catch (thrown) {
      this.fail(etcdError(thrown));
    }
  }

  /**
   * Renews one lease. Resolves with `false` where etcd does not have it (any more). Rejects, and ends the stream, where
   * no answer comes within `timeoutMs`.
   */
  renew(leaseId: string, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      const tooLate = (): void => this.fail(unavailable(`etcd did not answer a renewal within ${timeoutMs} ms`));
      this.#waiting.set(leaseId, { resolve, reject, cancelTimer: this.#clock.after(timeoutMs, tooLate) });
      this.#stream?.write({ ID: leaseId });
    });
  }

  /** Ends the stream because it is not needed any more. Twice is fine. */
  close(): void {
    this.fail(new ServiceError('Canceled', 'the renewal stream was left', { executed: 'no' }));
  }

  /** Ends the stream with a reason. Twice is fine. */
  fail(reason: ServiceError): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    this.#stream?.cancel();
    for (const { reject, cancelTimer } of this.#waiting.values()) {
      cancelTimer();
      reject(reason);
    }
    this.#waiting.clear();
    this.#onFailure();
  }

  #answer({ ID: leaseId, TTL: ttl }: ILeaseKeepAliveResponse): void {
    const renewal = this.#waiting.get(leaseId);
    if (renewal === undefined) return;
    this.#waiting.delete(leaseId);
    renewal.cancelTimer();
    renewal.resolve(Number(ttl) > 0);
  }
}

type Stream = IDuplexStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;

interface Renewal {
  readonly resolve: (isAlive: boolean) => void;
  readonly reject: (reason: ServiceError) => void;
  readonly cancelTimer: CancelTimer;
}

function unavailable(message: string): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no' });
}
