import type { DeadLetter } from '../../dead-letters.js';
import type { Delivery, Message } from '../../message.js';
import type { Metadata } from '../../metadata.js';
import type { ServiceError } from '../../service-error.js';

/** What a dead letter's metadata says beside that of its message. */
export const deadLetterKeys = Object.freeze({
  topic: 'dead-letter-topic',
  queue: 'dead-letter-queue',
  attempts: 'dead-letter-attempts',
  code: 'dead-letter-code',
  reason: 'dead-letter-reason',
  time: 'dead-letter-time',
});

/** On a message that was published again for one queue: its name, or nothing for subscriptions without one. */
export const requeuedFor = 'requeued-for';

/** The message that stands for one which was given up: the same id and body, with what became of it in its metadata. */
export function deadLetterMessage(
  { topic, message, attempt }: Delivery,
  queue: string | undefined,
  error: ServiceError,
  timeMs: number,
): Message {
  const noted: Metadata = {
    [deadLetterKeys.topic]: topic,
    ...(queue === undefined ? {} : { [deadLetterKeys.queue]: queue }),
    [deadLetterKeys.attempts]: String(attempt),
    [deadLetterKeys.code]: error.code,
    [deadLetterKeys.reason]: asValue(error.rawMessage),
    [deadLetterKeys.time]: new Date(timeMs).toISOString(),
  };
  return { ...message, metadata: Object.freeze({ ...message.metadata, ...noted }) };
}

/** Reads what {@link deadLetterMessage} wrote; undefined for a message that is no dead letter. */
export function readDeadLetter(id: string, message: Message): DeadLetter | undefined {
  const { metadata } = message;
  const topic = metadata[deadLetterKeys.topic];
  if (topic === undefined) return undefined;
  const timeMs = Date.parse(metadata[deadLetterKeys.time] ?? '');
  const own = Object.values<string>(deadLetterKeys);
  const rest = Object.entries(metadata).filter(([key]) => !own.includes(key) && key !== requeuedFor);
  return Object.freeze({
    id,
    topic,
    queue: metadata[deadLetterKeys.queue],
    attempts: Number(metadata[deadLetterKeys.attempts] ?? 0),
    code: metadata[deadLetterKeys.code] ?? 'Unknown',
    reason: metadata[deadLetterKeys.reason] ?? '',
    timeMs: Number.isNaN(timeMs) ? message.timeMs : timeMs,
    message: { ...message, metadata: Object.freeze(Object.fromEntries(rest)) },
  });
}

/** The message of a dead letter, to be published again for the queue that gave it up. */
export function requeuedMessage({ message, queue }: DeadLetter): Message {
  return { ...message, metadata: Object.freeze({ ...message.metadata, [requeuedFor]: queue ?? '' }) };
}

/** Whether a message is for a subscription: one that was published again is for the queue that gave it up alone. */
export function isForQueue({ metadata }: Message, queue: string | undefined): boolean {
  const wanted = metadata[requeuedFor];
  return wanted === undefined || wanted === (queue ?? '');
}

/** As metadata may hold it: no control characters, no half of a surrogate pair. */
function asValue(text: string): string {
  const short = text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, maxReasonCharacters);
  return Buffer.from(short).toString();
}

/** With room for the rest. */
const maxReasonCharacters = 512;
