import { type Code, ServiceError, type ServiceErrorFields } from '@tenon/contract';

/** Turns an error of the AMQP client into ours. What is not known to be something else is `Unavailable`. */
export function rabbitmqError(thrown: unknown, doing: string, fields: ServiceErrorFields = {}): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const reason = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'the connection ended';
  return new ServiceError(codeOf(thrown, reason), `${doing}: ${reason}`, { cause: thrown, ...fields });
}

/** The reply code of AMQP 0-9-1 that an error carries, as a field or in its text. */
export function replyCode(thrown: unknown): number | undefined {
  const { code, message } = Object(thrown) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof code === 'number') return code;
  const match = typeof message === 'string' ? /\b(3\d\d|4\d\d|5\d\d) \([A-Z_-]+\)/.exec(message) : null;
  return match === null ? undefined : Number(match[1]);
}

function codeOf(thrown: unknown, reason: string): Code {
  if (thrown instanceof RangeError || thrown instanceof TypeError) return 'InvalidArgument';
  // The client does not read why the server closes instead of opening: the virtual host is the one thing that is asked for there.
  if (/Expected ConnectionOpenOk/.test(reason)) return 'PermissionDenied';
  const code = replyCode(thrown);
  if (code === 403) return /handshake/i.test(reason) ? 'Unauthenticated' : 'PermissionDenied';
  if (code === 405 || code === 406) return isTimeout(reason) ? 'Unavailable' : 'FailedPrecondition';
  return 'Unavailable';
}

/** A handler that ran for longer than the server's `consumer_timeout`: nothing that was asked for is wrong. */
function isTimeout(reason: string): boolean {
  return /acknowledgement on channel .* timed out/.test(reason);
}
