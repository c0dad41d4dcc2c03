import { Buffer } from 'node:buffer';
import { STATUS_CODES } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import { type Code, codes, type Logger, type ServiceError } from '@tenon/contract';
import { encodeMessage } from '../wire/grpc-message.js';
import { writeValue } from './json-value.js';
import { type AnyMessage, writeErrorInfo, writeGoMicroError, writeStatus } from './rpc-status.js';

/** What stands before the name of a type in a detail. */
export const typePrefix = 'type.googleapis.com/';
export const errorInfoType = `${typePrefix}google.rpc.ErrorInfo`;
export const valueType = `${typePrefix}google.protobuf.Value`;
export const goMicroType = `${typePrefix}errors.Error`;
/** The domain of the `ErrorInfo` that carries what a `ServiceError` has beside its code and message. */
export const domain = 'tenon';

/** What a status on its way out is made with. */
export interface StatusSurroundings {
  readonly logger: Logger;
  /** Whether the caller is go-micro's client, which reads the first detail as its own error. */
  readonly goMicro: boolean;
  readonly service: string;
  readonly endpoint: string;
  /** Which status the wire says in place of the error's code. */
  readonly statusCode?: Code;
}

/**
 * An error as the last header fields of a reply: `grpc-status`, `grpc-message`, and in `grpc-status-details-bin` a
 * `google.rpc.Status` whose details are an `ErrorInfo` with what belongs to it (`executed`, service, endpoint, node, correlation id,
 * refusal), and its own details: as `google.protobuf.Value`, or as they are where they are a list of messages.
 *
 * Details for which there is no room are left out, and a message is cut: most clients take no more than 8 KiB or 16 KiB of fields.
 */
export function errorFields(error: ServiceError, surroundings: StatusSurroundings): OutgoingHttpHeaders {
  const number = codes[surroundings.statusCode ?? error.code].number;
  const { rawMessage } = error;
  const message = rawMessage.length > maxMessageLength ? `${rawMessage.slice(0, maxMessageLength)}…` : rawMessage;
  const first = surroundings.goMicro ? [goMicroDetail(error, surroundings.service)] : [];
  const common = [...first, errorInfo(error, surroundings.statusCode)];
  const own = ownDetails(error, surroundings);
  const room = maxDetailsBytes - sizeOf(common);
  const fits = sizeOf(own) <= room;
  if (!fits) surroundings.logger.warn('the details of an error were too large to be sent', placeOf(surroundings));
  // A long one is said once.
  const status = {
    code: number,
    message: message.length > maxTwiceLength ? '' : message,
    details: [...common, ...(fits ? own : [])],
  };
  return {
    'grpc-status': String(number),
    'grpc-message': encodeMessage(message),
    'grpc-status-details-bin': unpaddedBase64(writeStatus(status)),
  };
}

function errorInfo(error: ServiceError, statusCode: Code | undefined): AnyMessage {
  const { code, executed, service, endpoint, node, correlationId, refusal } = error.toRecord();
  const all = { executed, service, endpoint, node, correlationId, refusal, code: statusCode && code };
  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(all)) if (value !== undefined) metadata[key] = value;
  return { typeUrl: errorInfoType, value: writeErrorInfo({ reason: reasonOf(code), domain, metadata }) };
}

/** `NotFound` → `NOT_FOUND`, the form that `ErrorInfo` wants. */
function reasonOf(code: Code): string {
  return code.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

function ownDetails(error: ServiceError, surroundings: StatusSurroundings): readonly AnyMessage[] {
  const { details } = error;
  if (details === undefined) return [];
  if (areMessages(details)) return details;
  try {
    return [{ typeUrl: valueType, value: writeValue(details) }];
  } catch (cause) {
    surroundings.logger.error('the details of an error could not be sent', { ...placeOf(surroundings), error: cause });
    return [];
  }
}

/** Whether details are protobuf messages already, as a stranger's error arrives. */
function areMessages(details: unknown): details is readonly AnyMessage[] {
  if (!Array.isArray(details) || details.length === 0) return false;
  return details.every(
    (one: unknown) =>
      typeof one === 'object' &&
      one !== null &&
      'typeUrl' in one &&
      'value' in one &&
      typeof one.typeUrl === 'string' &&
      one.value instanceof Uint8Array,
  );
}

function goMicroDetail(error: ServiceError, service: string): AnyMessage {
  const code = codes[error.code].httpStatus;
  const status = STATUS_CODES[code] ?? '';
  const detail = error.rawMessage.slice(0, maxMessageLength);
  return { typeUrl: goMicroType, value: writeGoMicroError({ id: service, code, detail, status }) };
}

function sizeOf(details: readonly AnyMessage[]): number {
  return details.reduce((sum, { typeUrl, value }) => sum + typeUrl.length + value.length, 0);
}

function placeOf({ service, endpoint }: StatusSurroundings): { readonly service: string; readonly endpoint: string } {
  return { service, endpoint };
}

export function unpaddedBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64').replace(/=+$/, '');
}

const maxMessageLength = 4_096;
const maxTwiceLength = 1_024;
const maxDetailsBytes = 6 * 1_024;
