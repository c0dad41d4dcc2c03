import { type Decoder, type Encoder, ServiceError } from '@tenon/contract';

/** Bytes, dates, bigints and numbers beyond the finite as records of one tagged field, the rest as it is. */
export function richEncoder(encode: Encoder): Encoder {
  return (value, sink) => encode(tagged(value, 0), sink);
}

/** The other way round. */
export function richDecoder(decode: Decoder): Decoder {
  return (buffer, start, end) => untagged(decode(buffer, start, end));
}

const tag = '\u0000tag';

function tagged(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return { [tag]: 'bigint', as: String(value) };
  if (typeof value === 'number' && !Number.isFinite(value)) return { [tag]: 'number', as: String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { [tag]: 'bytes', as: Buffer.from(value).toString('base64') };
  if (value instanceof Date) return { [tag]: 'date', as: value.toISOString() };
  if (depth === 64) throw new ServiceError('InvalidArgument', 'nested too deep', { executed: 'no' });
  if (Array.isArray(value)) return value.map((item) => tagged(item, depth + 1));
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = tagged((value as Record<string, unknown>)[key], depth + 1);
  return copy;
}

function untagged(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(untagged);
  const { [tag]: kind, as } = value as Record<string, unknown>;
  if (kind === 'bigint') return BigInt(String(as));
  if (kind === 'number') return Number(as);
  if (kind === 'bytes') return new Uint8Array(Buffer.from(String(as), 'base64'));
  if (kind === 'date') return new Date(String(as));
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) copy[key] = untagged((value as Record<string, unknown>)[key]);
  return copy;
}
