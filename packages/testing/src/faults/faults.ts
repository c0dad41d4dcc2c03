import { Bandwidth, type BandwidthOptions } from './bandwidth.js';
import { BlackHole } from './black-hole.js';
import { Corruption, type CorruptionOptions } from './corruption.js';
import type { Fault } from './fault.js';
import { HalfOpen } from './half-open.js';
import { Latency, type LatencyOptions } from './latency.js';
import { Pass } from './pass.js';
import { Slices, type SlicesOptions } from './slices.js';
import { Stall } from './stall.js';
import { type CutOptions, Truncation } from './truncation.js';

/**
 * What a {@link FaultProxy} can do to bytes. An option out of range is a `ServiceError` `InvalidArgument` that names it.
 */
export const faults = {
  /** None: everything arrives as it was sent. */
  pass: (): Fault => new Pass(),
  /** Each chunk arrives `latencyMs` ± `jitterMs` later, in order. */
  latency: (options: LatencyOptions): Fault => new Latency(options),
  /** At most `bytesPerSecond` each way. */
  bandwidth: (options: BandwidthOptions): Fault => new Bandwidth(options),
  /** A host that has vanished: accepts, reads nothing, passes nothing on. */
  blackHole: (): Fault => new BlackHole(),
  /** A line that is cut without a word: no byte, no FIN, no RST; connections stay. */
  halfOpen: (): Fault => new HalfOpen(),
  /** Pieces of `sliceBytes` (1), each read on its own by the peer. */
  slices: (options?: SlicesOptions): Fault => new Slices(options),
  /** One bit flipped in each `everyBytes` (10,240). */
  corruption: (options?: CorruptionOptions): Fault => new Corruption(options),
  /** The connection is closed after `afterBytes`. */
  truncation: (options: CutOptions): Fault => new Truncation(options),
  /** Nothing passes any more after `afterBytes`, and the connection stays. */
  stall: (options: CutOptions): Fault => new Stall(options),
} as const;
