import type { BuildPlan } from './build-plan.js';
import type { Schema } from './schema.js';
import type { ServedService } from './server.js';
import type { Sink } from './sink.js';

/**
 * Writes one value at `sink.position` and moves the position behind it.
 *
 * Throws `ServiceError` `InvalidArgument` for a value that the format cannot express (a function, a cycle), naming what
 * and where as far as it knows, and passes on what `sink.ensure` throws. Works re-entrantly: a getter of the value may
 * encode another value with the same session.
 */
export type Encoder = (value: unknown, sink: Sink) => void;

/**
 * Reads the value that fills `buffer` from `start` up to, not including, `end`.
 *
 * Never reads outside those bounds and keeps no reference to the buffer: what it returns owns its bytes. Depth, element
 * count and every claimed length are checked before anything is allocated by them. Keys named `__proto__` become own
 * data properties or are refused, and never reach a prototype.
 *
 * Throws `ServiceError` `InvalidArgument` on malformed, truncated or trailing bytes, and on nesting beyond the limit.
 */
export type Decoder = (buffer: Uint8Array, start: number, end: number) => unknown;

/**
 * A codec's state for one connection. Stateless codecs hand out one shared session.
 *
 * The two last members are there only in a linked session (see {@link Codec.open}): the sessions at both ends of a
 * connection then share what was said once, such as the names of fields.
 */
export interface CodecSession {
  /** The encoder of one schema, or of any value. Made once and kept by the caller, not asked for per message. */
  encoder(schema?: Schema): Encoder;
  /**
   * The decoder of one schema, or of any value. It returns plain data.
   *
   * With a plan a codec that compiles schemas may check and build values as it reads them, and then returns them as
   * `Built`; whatever it cannot vouch for it returns as plain data, for the validator to judge. Others ignore the plan.
   */
  decoder(schema?: Schema, plan?: BuildPlan): Decoder;
  /**
   * What the peer's session must learn before it decodes any value that is encoded from now on; undefined where there is
   * nothing new. The transport asks after each encoding and after each `learn`, until there is nothing, and sends it ahead
   * of whatever it encodes next. Values that were encoded before never need it, so they may be delayed, decoded late, or
   * dropped. At most 65,000 bytes.
   */
  announce?(): Uint8Array | undefined;
  /**
   * Takes what the peer's session announced, in order. Keeps no reference to the buffer.
   *
   * Throws `ServiceError` `InvalidArgument` on malformed bytes and over the codec's limits: the connection is then of no
   * more use.
   */
  learn?(buffer: Uint8Array, start: number, end: number): void;
}

/** What a codec session is opened for. */
export interface CodecLink {
  /** Both ends of one ordered connection have a linked session of this codec. Default false: each message stands alone. */
  readonly linked?: boolean;
  /** For a codec that is {@link Codec.over} another: a session of that one, opened for the same link and for it alone. */
  readonly plain?: CodecSession;
}

/** Which values survive a round trip. Each flag that is off is a value that the encoder refuses or that changes form. */
export interface CodecCapabilities {
  /**
   * The one kind of value that it carries: a string, or a `Uint8Array`. Any other is refused with `InvalidArgument`, and a
   * value of undefined is written as nothing. Absent: whatever JSON can say.
   */
  readonly only?: 'text' | 'bytes';
  /** `Uint8Array` comes back as bytes. Off: as whatever text form the codec documents. */
  readonly bytes: boolean;
  /** `Date` comes back as a `Date`. Off: as an ISO 8601 string. */
  readonly dates: boolean;
  /** `bigint` beyond 2^53 comes back exact. Off: the encoder refuses it. */
  readonly bigints: boolean;
  /** `NaN` and the infinities come back. Off: as `null`. */
  readonly nonFinite: boolean;
}

/**
 * Turns values into bytes and back, for every transport and broker.
 *
 * Which of the bound codecs is used on an open wire is chosen by content type: per call, per client or per event, and
 * request and reply may differ. A codec bound under a content type that another has replaces it.
 */
export abstract class Codec {
  /** Codecs are bound side by side; this property tells them apart. */
  static readonly keyedBy = 'contentType';

  /** The media type without parameters, lower case: `application/json`. */
  abstract readonly contentType: string;
  /** Other media types that mean the same: `application/x-msgpack`. Empty where there is none. */
  abstract readonly aliases: readonly string[];
  abstract readonly capabilities: CodecCapabilities;

  /** Whether `open({ linked: true })` gives sessions that share state. Absent: no. */
  readonly links?: boolean;
  /**
   * The content type of the codec that carries the values of which this one knows no schema. Whoever opens a session of
   * this codec opens one of that first, and hands it over. Absent: it needs none.
   */
  readonly over?: string;

  /**
   * A session. Cheap; closing the connection needs no call here.
   *
   * A codec that does not link ignores `link`.
   */
  abstract open(link?: CodecLink): CodecSession;

  /**
   * Told of each service before it is served, so that what is known to be impossible fails the start and not the first call.
   * Absent: there is nothing to check. Throws `ServiceError` `FailedPrecondition` that names what, where and the mend.
   */
  checkService?(service: ServedService): void;
}
