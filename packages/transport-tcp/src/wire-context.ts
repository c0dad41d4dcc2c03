import type { Clock, Logger } from '@tenon/contract';
import type { DeadlineWheel } from '@tenon/contract/authoring';
import type { BufferPool } from './buffer-pool.js';
import type { BoundCodecs } from './connection-codecs.js';
import type { StreamBudget } from './stream-budget.js';
import type { ResolvedTcpOptions } from './tcp-options.js';
import type { TurnQueue } from './turn-queue.js';

/** What all connections of one transport share. */
export interface WireContext {
  readonly options: ResolvedTcpOptions;
  readonly codecs: BoundCodecs;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Every deadline: of calls, of handshakes and of silent peers. */
  readonly wheel: DeadlineWheel;
  readonly buffers: BufferPool;
  readonly budget: StreamBudget;
  /** Long requests and replies, from when all of them is there until somebody sees to them. */
  readonly turns: TurnQueue;
  /**
   * What the sockets that this side dialled are read into, one at a time: each read is done with before the next begins.
   */
  readonly readBuffer: Buffer;
}
