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
  if (subject === undefined || !subject.startsWith('$JS.ACK.')) return undefined;
  const tokens = subject.split('.');
  const from = tokens.length === 9 ? 2 : tokens.length >= 11 ? 4 : undefined;
  if (from === undefined) return undefined;
  const deliveries = Number(tokens[from + 2]);
  const sequence = Number(tokens[from + 3]);
  if (!(Number.isSafeInteger(deliveries) && deliveries >= 1 && Number.isSafeInteger(sequence))) return undefined;
  return { deliveries, sequence, storedAt: tokens[from + 5] ?? '' };
}
