import { type Code, ServiceError, type ServiceErrorFields } from '@tenon/contract';

/** Turns an error of the Redis client into ours. What is not known to be something else is `Unavailable`. */
export function redisError(thrown: unknown, doing: string, fields: ServiceErrorFields = {}): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const reason = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'the connection ended';
  const executed = isRefusal(thrown) ? 'no' : 'maybe';
  return new ServiceError(codeOf(thrown), `${doing}: ${reason}`, { cause: thrown, executed, ...fields });
}

/** Whether the server said no, rather than nothing: then nothing was done. */
export function isRefusal(thrown: unknown): thrown is Error {
  return thrown instanceof Error && thrown.name === 'ReplyError';
}

/** The first word of what the server said, which is its code; of a script's failure, that of the command within. */
export function refusalOf(thrown: unknown): string {
  if (!isRefusal(thrown)) return '';
  return refusalForm.exec(thrown.message)?.[1] ?? '';
}

function codeOf(thrown: unknown): Code {
  return codes.get(refusalOf(thrown)) ?? 'Unavailable';
}

const refusalForm = /^(?:ERR )?-?([A-Z]+)\b/;

/** Those that do not pass by themselves; `LOADING`, `READONLY`, `BUSY`, `MASTERDOWN`, `MISCONF` and the like do. */
const codes: ReadonlyMap<string, Code> = new Map<string, Code>([
  ['NOAUTH', 'Unauthenticated'],
  ['WRONGPASS', 'Unauthenticated'],
  ['NOPERM', 'PermissionDenied'],
  ['OOM', 'ResourceExhausted'],
  ['WRONGTYPE', 'FailedPrecondition'],
  ['NOGROUP', 'NotFound'],
]);
