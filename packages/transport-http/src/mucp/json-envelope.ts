import { ServiceError } from '@tenon/contract';
import type { OpenCodec } from '@tenon/contract/authoring';
import type { Envelope, Enveloped } from './envelope.js';

/**
 * JSON-RPC 1.0 as go-micro writes it: one value in `params`, ids as text, `result` and `error` always there.
 */
export const jsonEnvelope: Envelope = Object.freeze({
  inner: 'application/json',
  request: ({ method, id, body }: Omit<Enveloped, 'error'>): Buffer =>
    around('{"params":[', body, `],"id":${JSON.stringify(id)},"method":${JSON.stringify(method)}}\n`),
  openRequest: (bytes: Buffer, codec: OpenCodec): Enveloped => {
    const { method, id, params } = fieldsOf(bytes, codec);
    if (typeof method !== 'string') throw malformed('its method is no text');
    if (params !== undefined && params !== null && !Array.isArray(params)) throw malformed('its params are no array');
    if (Array.isArray(params) && params.length > 1)
      throw malformed(`it has ${params.length} params; an endpoint takes one`);
    return { method, id: idText(id), error: '', body: bytesOf(Array.isArray(params) ? params[0] : undefined) };
  },
  reply: ({ id, error, body }: Omit<Enveloped, 'method'>): Buffer => {
    const start = `{"id":${JSON.stringify(id)},"result":`;
    if (error !== '') return Buffer.from(`${start}null,"error":${JSON.stringify(error)}}\n`);
    return around(start, body.length === 0 ? none : body, ',"error":null}\n');
  },
  openReply: (bytes: Buffer, codec: OpenCodec): Enveloped => {
    const { id, error, result } = fieldsOf(bytes, codec);
    const text = error === undefined || error === null ? '' : typeof error === 'string' ? error : JSON.stringify(error);
    return { method: '', id: idText(id), error: text, body: bytesOf(result) };
  },
});

function fieldsOf(bytes: Buffer, codec: OpenCodec): Readonly<Record<string, unknown>> {
  const value = codec.decode(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('it is no object');
  return Object.assign(Object.create(null), value);
}

/** Ids are text here; readers take numbers as well. */
function idText(id: unknown): string {
  return typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, maxIdLength) : '';
}

/** What the codec has read is written again, for the schema to be read by: this is the way of old peers, not of many calls. */
function bytesOf(value: unknown): Buffer {
  return value === undefined ? nothing : Buffer.from(JSON.stringify(value));
}

function around(before: string, body: Buffer, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), body, Buffer.from(after)]);
}

function malformed(why: string): ServiceError {
  return new ServiceError('InvalidArgument', `the body is no JSON-RPC 1.0: ${why}`, { executed: 'no' });
}

const nothing = Buffer.alloc(0);
const none = Buffer.from('null');
const maxIdLength = 64;
