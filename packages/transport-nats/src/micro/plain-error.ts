import { headers, type Msg } from '@nats-io/transport-node';
import { codes, type ServiceError } from '@tenon/contract';

/** Answers a stranger as NATS's service protocol has it: the error in two headers, and whole as JSON. */
export function plainError(message: Msg, error: ServiceError): void {
  const fields = headers();
  fields.set('Nats-Service-Error-Code', String(codes[error.code].httpStatus));
  fields.set('Nats-Service-Error', oneLine(`[${error.code}] ${error.rawMessage}`));
  fields.set('Content-Type', 'application/json');
  const { code, message: text, executed, correlationId, details } = error.toRecord();
  message.respond(jsonOf({ code, message: text, executed, correlationId, details }), { headers: fields });
}

/** What breaks a line would break the headers. */
function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}

/** Details may be anything, and the error matters more. */
function jsonOf({ details, ...record }: Record<string, unknown>): string {
  try {
    const whole = JSON.stringify({ ...record, details });
    if (whole.length <= maxBodyLength) return whole;
  } catch {
    // Told below.
  }
  return JSON.stringify({ ...record, message: oneLine(String(record['message'])) });
}

const maxLength = 1_024;
const maxBodyLength = 64 * 1_024;
