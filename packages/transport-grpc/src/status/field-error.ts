import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http2';
import { type Code, codeOfHttpStatus, codes, isCode, ServiceError, type ServiceErrorFields } from '@tenon/contract';
import { decodeMessage } from '../wire/grpc-message.js';
import { domain, errorInfoType, goMicroType, valueType } from './error-fields.js';
import { readValue } from './json-value.js';
import { type AnyMessage, type ErrorInfo, readErrorInfo, readGoMicroError, readStatus } from './rpc-status.js';

/**
 * The error that the last header fields of a reply say; undefined where they say that all went well.
 *
 * What a Tenon node answered arrives whole. What another one answered is `executed: 'maybe'`, and its details are the messages
 * that came, undecoded. An unknown status is `Unknown`, and details that cannot be read are left out.
 */
export function errorOfFields(fields: IncomingHttpHeaders): ServiceError | undefined {
  const status = fields['grpc-status'];
  if (status === '0') return undefined;
  const code = codeNumbered(String(status));
  const message = decodeMessage(textOf(fields['grpc-message']) ?? '');
  const details = detailsOf(textOf(fields['grpc-status-details-bin']));
  const info = details.map(tenonInfo).find((one) => one !== undefined);
  if (info !== undefined) return tenonError(code, message, info, details);
  const [first] = details;
  if (first?.typeUrl === goMicroType) return goMicroError(code, message, first);
  const others = details.length === 0 ? {} : { details };
  return ServiceError.refusal(code, message || `status ${String(status)}`, { answered: true, ...others });
}

/**
 * What an answer means that is not gRPC's, by its HTTP status.
 *
 * Source: gRPC's "HTTP to gRPC Status Code Mapping".
 */
export function errorOfHttpStatus(httpStatus: number, contentType: string | undefined): ServiceError {
  const code = codesByHttpStatus[httpStatus] ?? 'Unknown';
  const type = contentType === undefined ? 'no content type' : `content type ${contentType.slice(0, 100)}`;
  const text = `the node answered with HTTP status ${httpStatus} and ${type}, which is not gRPC`;
  // Whoever does not know the path or the protocol has run nothing.
  const executed = httpStatus === 404 || httpStatus === 415 ? 'no' : 'maybe';
  return ServiceError.refusal(code, text, { answered: true, executed });
}

function codeNumbered(text: string): Code {
  return (Object.keys(codes) as Code[]).find((code) => String(codes[code].number) === text) ?? 'Unknown';
}

function tenonError(
  code: Code,
  message: string,
  { metadata }: ErrorInfo,
  details: readonly AnyMessage[],
): ServiceError {
  const own = metadata['code'];
  return ServiceError.fromRecord({
    ...metadata,
    code: isCode(own) ? own : code,
    message,
    details: tenonDetails(details),
  });
}

/** What the handler gave: one value, or the messages that it put there itself. */
function tenonDetails(details: readonly AnyMessage[]): unknown {
  const own = details.filter(({ typeUrl }) => typeUrl !== goMicroType && typeUrl !== errorInfoType);
  const [first] = own;
  if (first === undefined) return undefined;
  if (first.typeUrl !== valueType || own.length > 1) return own;
  return attempted(() => readValue(first.value));
}

function goMicroError(code: Code, message: string, detail: AnyMessage): ServiceError {
  const read = attempted(() => readGoMicroError(detail.value));
  if (read === undefined) return ServiceError.refusal(code, message, { answered: true });
  const fields: ServiceErrorFields = { answered: true, ...(read.id === '' ? {} : { details: { id: read.id } }) };
  // go-micro has fewer statuses than HTTP has numbers.
  const known = code === 'Unknown' && read.code > 0 ? codeOfHttpStatus(read.code) : code;
  return ServiceError.refusal(known, read.detail || read.status || message, fields);
}

function tenonInfo({ typeUrl, value }: AnyMessage): ErrorInfo | undefined {
  if (typeUrl !== errorInfoType) return undefined;
  const info = attempted(() => readErrorInfo(value));
  return info?.domain === domain ? info : undefined;
}

function detailsOf(encoded: string | undefined): readonly AnyMessage[] {
  if (encoded === undefined) return [];
  return attempted(() => readStatus(Buffer.from(encoded, 'base64')).details) ?? [];
}

function textOf(field: string | string[] | undefined): string | undefined {
  return typeof field === 'string' ? field : field?.[0];
}

/** The peer's bytes are not to be relied on. */
function attempted<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const codesByHttpStatus: Readonly<Record<number, Code>> = Object.freeze({
  400: 'Internal',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'Unimplemented',
  415: 'Unimplemented',
  429: 'Unavailable',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Unavailable',
});
