import { type CancelTimer, type Clock, ServiceError } from '@tenon/contract';
import type { IDuplexStream, IEvent, IWatchRequest, IWatchResponse } from 'etcd3';
import type { EtcdConnection } from './etcd-connection.js';
import { etcdError } from './etcd-error.js';
import { rangeOf } from './key-range.js';

/** What one watch of etcd follows, and whom it tells. */
export interface WatchStreamOptions {
  readonly connection: EtcdConnection;
  readonly clock: Clock;
  readonly prefix: string;
  /** The revision after which changes are wanted. */
  readonly afterRevision: number;
  /** See `EtcdOptions.silenceTimeoutMs`. */
  readonly silenceTimeoutMs: number;
  readonly onEvents: (events: readonly IEvent[], revision: number) => void;
}

/**
 * One watch on one gRPC stream of its own: no table of watch ids that an unknown one could upset.
 *
 * `ended` resolves with the reason once, whatever comes first: an error, an end, a cancelled or compacted watch, data
 * that is older than what we know (a wiped or restored etcd), or silence. Silence is how a half-open connection and a
 * stopped etcd show: a quiet stream is asked for its progress, and one that does not answer is given up. After its end
 * the stream holds nothing and tells nothing.
 */
export class WatchStream {
  readonly ended: Promise<ServiceError>;
  readonly #options: WatchStreamOptions;
  #stream: IDuplexStream<IWatchRequest, IWatchResponse> | undefined;
  #end: ((reason: ServiceError) => void) | undefined;
  #heardAt: number;
  #cancelTimer: CancelTimer = () => {};

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#listenForSilence();
    options.connection.watches.watch().then(this.#opened, this.#failed);
  }

  /** Ends the stream. Twice is fine. */
  close(): void {
    this.#finish(new ServiceError('Canceled', 'the watch was left', { executed: 'no' }));
  }

  readonly #opened = (stream: IDuplexStream<IWatchRequest, IWatchResponse>): void => {
    // Stays attached for good: a cancelled stream still emits its error.
    stream.on('error', this.#failed);
    if (this.#end === undefined) {
      stream.cancel();
      return;
    }
    this.#stream = stream;
    stream.on('data', this.#heard);
    stream.on('end', () => this.#finish(unavailable('etcd ended the watch')));
    const { prefix, afterRevision } = this.#options;
    stream.write({ create_request: { ...rangeOf(prefix), start_revision: afterRevision + 1 } });
  };

  readonly #failed = (thrown: unknown): void => {
    this.#finish(etcdError(thrown));
  };

  readonly #heard = (response: IWatchResponse): void => {
    if (this.#end === undefined) return;
    this.#heardAt = this.#options.clock.now();
    const revision = Number(response.header.revision);
    if (Number(response.compact_revision) > 0) {
      this.#finish(new ServiceError('OutOfRange', 'etcd compacted the changes that were to come', { executed: 'no' }));
    } else if (response.canceled) {
      this.#finish(unavailable(`etcd cancelled the watch: ${response.cancel_reason}`));
    } else if (revision < this.#options.afterRevision) {
      this.#finish(new ServiceError('DataLoss', 'etcd has older data than before', { executed: 'no' }));
    } else if (response.events.length > 0) {
      this.#options.onEvents(response.events, revision);
    }
  };

  #listenForSilence(): void {
    const { clock, silenceTimeoutMs } = this.#options;
    const quietMs = clock.now() - this.#heardAt;
    if (quietMs >= silenceTimeoutMs) {
      this.#finish(unavailable(`etcd was silent for ${Math.round(quietMs)} ms`));
      return;
    }
    const halfMs = silenceTimeoutMs / 2;
    if (quietMs >= halfMs) this.#stream?.write({ progress_request: {} });
    this.#cancelTimer = clock.after(Math.ceil((quietMs >= halfMs ? silenceTimeoutMs : halfMs) - quietMs), () =>
      this.#listenForSilence(),
    );
  }

  #finish(reason: ServiceError): void {
    const end = this.#end;
    if (end === undefined) return;
    this.#end = undefined;
    this.#cancelTimer();
    this.#stream?.cancel();
    end(reason);
  }
}

function unavailable(message: string): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no' });
}
