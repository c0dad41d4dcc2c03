import { STATUS_CODES } from 'node:http';
import { codeOfHttpStatus, codes, ServiceError } from '@tenon/contract';

/**
 * An error as go-micro writes it into `Micro-Error`: `{"id","code","detail","status"}`, empty fields left out, in the
 * very bytes of Go's encoder. `executed`, details and correlation id have no place there and stay behind.
 *
 * @param id - who failed: by go-micro's convention the service.
 */
export function writeMicroError(error: ServiceError, id: string): string {
  const code = codes[error.code].httpStatus;
  const detail =
    error.rawMessage.length > maxDetailLength ? `${error.rawMessage.slice(0, maxDetailLength)}…` : error.rawMessage;
  const status = STATUS_CODES[code];
  const text = JSON.stringify({ id: id || undefined, code, detail: detail || undefined, status });
  return text.replace(goEscapes, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Reads a `Micro-Error` value: go-micro's JSON or, from a handler that returned a plain Go error, any text. What the
 * peer's router refused is known not to have run; of everything else nobody can tell.
 */
export function readMicroError(text: string): ServiceError {
  const fields = jsonObject(text);
  const detail = textField(fields, 'detail') ?? textField(fields, 'status') ?? text;
  if (unknownEndpoint.test(detail))
    return new ServiceError('Unimplemented', detail, { executed: 'no', answered: true });
  if (illFormed.test(detail)) return new ServiceError('InvalidArgument', detail, { executed: 'no', answered: true });
  const code = typeof fields?.['code'] === 'number' ? codeOfHttpStatus(fields['code']) : 'Unknown';
  const id = textField(fields, 'id');
  return new ServiceError(code, detail, { answered: true, ...(id === undefined ? {} : { details: { id } }) });
}

function jsonObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: the text itself is the error.
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  return 'detail' in value || 'code' in value ? { ...value } : undefined;
}

function textField(fields: Record<string, unknown> | undefined, key: string): string | undefined {
  const value = fields?.[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The value travels twice, as header fields: it must leave room below the 16 KiB that most readers grant a head. */
const maxDetailLength = 2_048;

/** What Go's JSON encoder escapes beyond the standard, and the one control character that JSON leaves as it is. */
const goEscapes = /[<>&\u2028\u2029\u007f]/g;

const unknownEndpoint = /^rpc: can't find (?:method|service) /;
const illFormed = /^rpc: service\/(?:method|endpoint) request ill-formed/;
