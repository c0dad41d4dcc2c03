import { randomUUID } from 'node:crypto';
import { checkedTopic, type Message, ServiceError } from '@tenon/contract';
import type { Message as AmqpMessage } from 'amqplib';
import { receivedMetadata } from './received-metadata.js';

/** A message as AMQP carries it. */
export interface Packet {
  readonly content: Buffer;
  /** Every value is a string: that is all that go-micro reads. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A message as it was read, and where it was published to. */
export interface Unpacked {
  readonly topic: string;
  readonly message: Message;
}

/**
 * The form that go-micro gives a message on RabbitMQ: the body as it is, and everything else as headers. It has no field for the time,
 * which goes into a header of ours beside them. `docs/wire/rabbitmq-broker.md` is the specification.
 *
 * @param attempts - how often it was handled before, where it is on its way back to a queue.
 */
export function pack(topic: string, message: Message, attempts = 0): Packet {
  const { id, timeMs, contentType, body, metadata, traceparent } = message;
  const headers: Record<string, string> = Object.create(null);
  for (const key of Object.keys(metadata)) headers[canonicalKey(key)] = metadata[key] ?? '';
  // Metadata of these names must not pass itself off as the message's own.
  for (const key of ['Micro-Id', 'Tenon-Attempts', 'Traceparent']) delete headers[key];
  headers['Content-Type'] = contentType;
  headers['Micro-ID'] = id;
  headers['Micro-Topic'] = topic;
  headers['Tenon-Time'] = String(timeMs);
  if (traceparent !== undefined) headers['Traceparent'] = traceparent;
  if (attempts > 0) headers['Tenon-Attempts'] = String(attempts);
  return { content: Buffer.from(body), headers };
}

/**
 * Reads what {@link pack} or a go-micro service wrote. Somebody else's message is read by its properties where it lacks the headers.
 *
 * @param now - what it has for its time where it carries none.
 * @throws ServiceError `InvalidArgument`, and nothing else, for what cannot be a message.
 */
export function unpack({ content, properties, fields }: AmqpMessage, now: number): Unpacked {
  if (properties.contentEncoding !== undefined) {
    throw malformed(`its content encoding is ${JSON.stringify(properties.contentEncoding)}`);
  }
  const header = stringsOf(properties.headers ?? {});
  const {
    'content-type': contentType = textOr(properties.contentType, defaultContentType),
    'micro-id': id = textOr(properties.messageId, randomUUID()),
    'micro-topic': named,
    'tenon-time': time,
    'tenon-attempts': _attempts,
    traceparent,
    ...rest
  } = header;
  // Through the default exchange, as from a retry queue, it comes by the name of its queue.
  const topic = topicOf(fields.exchange === '' ? named : fields.routingKey);
  const message: Message = {
    id,
    timeMs: timeOf(time) ?? secondsOf(properties.timestamp) ?? now,
    contentType,
    body: content,
    metadata: receivedMetadata(rest),
    traceparent,
  };
  return { topic, message };
}

/** What is no message of ours, in a form in which the dead letters can keep it. */
export function asItCame({ content, fields }: AmqpMessage, now: number): Unpacked {
  const tokens = fields.routingKey.split('.').map((token) => token.replaceAll(/[^\w:-]+/g, '_') || '_');
  const topic = tokens.join('.').slice(0, 255).replace(/\.$/, '');
  return {
    topic,
    message: {
      id: randomUUID(),
      timeMs: now,
      contentType: 'application/octet-stream',
      body: content,
      metadata: Object.freeze({}),
    },
  };
}

/**
 * Which attempt a delivery is: those that its own header tells of, when it came back by way of a retry queue, and since then what the
 * server has counted, which is how often whoever had it ended without a word.
 */
export function attemptOf({ properties }: AmqpMessage): number {
  const { 'Tenon-Attempts': told, 'x-delivery-count': counted } = properties.headers ?? {};
  return 1 + countOf(told) + countOf(counted);
}

function countOf(value: unknown): number {
  const count = typeof value === 'string' || typeof value === 'number' ? Number(value) : 0;
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

/** Keys in lower case, so that all spellings read the same. What is no string, as RabbitMQ's own notes, is nobody's metadata. */
function stringsOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  const copy: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(headers)) {
    if (typeof value === 'string') {
      if (!ofServer.test(key)) copy[key.toLowerCase()] = value;
    } else if (reserved.test(key)) throw malformed(`its header ${key} is no text`);
  }
  return copy;
}

function topicOf(key: string | undefined): string {
  if (key === undefined) throw malformed('it came without a topic');
  try {
    return checkedTopic(key);
  } catch {
    throw malformed(`its routing key ${JSON.stringify(key.slice(0, 256))} is no topic`);
  }
}

function timeOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function secondsOf(timestamp: unknown): number | undefined {
  return typeof timestamp === 'number' && timestamp > 0 && timestamp < 2 ** 40 ? timestamp * 1_000 : undefined;
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

/** As Go's `textproto.CanonicalMIMEHeaderKey`: `foo-bar` is `Foo-Bar`. */
function canonicalKey(key: string): string {
  // The client reads headers into a plain object, in which this one would be lost.
  if (key.toLowerCase() === '__proto__') return '__PROTO__';
  return key.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

function malformed(reason: string): ServiceError {
  return new ServiceError('InvalidArgument', `not a message: ${reason}`, { executed: 'no' });
}

/** As go-micro's, whose services read it without being told. */
export const defaultContentType = 'application/json';
const reserved = /^(?:content-type|micro-id|micro-topic|traceparent)$/i;
/** What RabbitMQ notes of a message that was dead-lettered, as from a retry queue. Ours are spelled with capitals. */
const ofServer = /^x-(?:first|last)-death-|^x-death$|^x-delivery-count$/;
