/** What the server says of a message in the subject that it is acknowledged by. */
export interface AckSubject {
  /** How often it was handed out, 1 the first time. */
  readonly deliveries: number;
  /** Its place in the stream. */
  readonly sequence: number;
  /** When it was stored, in nanoseconds, to some hundred: with its place it tells it from any other, of a stream that was made anew too. */
  readonly storedAt: number;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, or the longer form with domain and account
 * before the stream; undefined for anything else.
 */
export function readAckSubject(subject: string | undefined): AckSubject | undefined {
  if (subject === undefined || !subject.startsWith(prefix)) return undefined;
  // Not split: of nine tokens three are wanted, and every message is read so.
  const consumerEnd = dotAfter(subject, dotAfter(subject, prefix.length - 1));
  return (
    fieldsFrom(subject, consumerEnd, false) ??
    fieldsFrom(subject, dotAfter(subject, dotAfter(subject, consumerEnd)), true)
  );
}

/** What stands behind the consumer's name: five numbers, and in the longer form a token and maybe more. */
function fieldsFrom(subject: string, consumerEnd: number, isLong: boolean): AckSubject | undefined {
  const delivered = dotAfter(subject, consumerEnd);
  const stored = dotAfter(subject, delivered);
  const consumed = dotAfter(subject, stored);
  const time = dotAfter(subject, consumed);
  if (time === none || (dotAfter(subject, time) !== none) !== isLong) return undefined;
  const deliveries = numberAt(subject, consumerEnd + 1, delivered);
  const sequence = numberAt(subject, delivered + 1, stored);
  if (!(deliveries >= 1 && sequence >= 1 && sequence <= Number.MAX_SAFE_INTEGER)) return undefined;
  return { deliveries, sequence, storedAt: numberAt(subject, consumed + 1, time) };
}

/** {@link none} where there is none, and after none. */
function dotAfter(subject: string, dot: number): number {
  const next = dot === none ? -1 : subject.indexOf('.', dot + 1);
  return next === -1 ? none : next;
}

/** What the digits there say; NaN where there is anything else, or nothing. */
function numberAt(text: string, start: number, end: number): number {
  let value = start < end ? 0 : Number.NaN;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

const prefix = '$JS.ACK.';
const none = Number.POSITIVE_INFINITY;
