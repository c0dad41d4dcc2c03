/** What the server says of a message in the subject that it is acknowledged by. */
export interface AckSubject {
  /** How often it was handed out, 1 the first time. */
  readonly deliveries: number;
  /** Its place in the stream. */
  readonly sequence: number;
  /** When it was stored, in nanoseconds: with its place it tells it from any other, of a stream that was made anew too. */
  readonly storedAt: string;
}

/**
 * Reads `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, or the longer form with domain and account
 * before the stream; undefined for anything else.
 */
export function readAckSubject(subject: string | undefined): AckSubject | undefined {
  if (subject === undefined || !subject.startsWith(prefix)) return undefined;
  // Not split: of nine tokens three are wanted, and every message is read so.
  const dots: number[] = [];
  for (let at = subject.indexOf('.'); at >= 0; at = subject.indexOf('.', at + 1)) dots.push(at);
  const before = dots.length === 8 ? 3 : dots.length >= 10 ? 5 : undefined;
  if (before === undefined) return undefined;
  const [delivered, stored, consumed, time, pending] = dots.slice(before, before + 5) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const deliveries = wholeNumber(subject, delivered + 1, stored);
  const sequence = wholeNumber(subject, stored + 1, consumed);
  if (!(deliveries >= 1 && sequence >= 0)) return undefined;
  return { deliveries, sequence, storedAt: subject.slice(time + 1, pending) };
}

/** What the digits there say; NaN where there is anything else, nothing, or more than a number holds exactly. */
function wholeNumber(text: string, start: number, end: number): number {
  let value = start < end ? 0 : Number.NaN;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return value <= Number.MAX_SAFE_INTEGER ? value : Number.NaN;
}

const prefix = '$JS.ACK.';
