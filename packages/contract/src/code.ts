/**
 * Why a call failed. The sixteen codes that gRPC and Connect share, by their names there.
 *
 * A code says what went wrong, not whether to try again: that depends on the call too (see {@link Executed}).
 */
export type Code = keyof typeof codes;

/**
 * Each code with its gRPC number and the HTTP status it travels as.
 *
 * Source of the numbers: gRPC's `google.rpc.Code`; of the statuses: the mapping in `google/rpc/code.proto`, with two
 * departures that go-micro asks for: `DeadlineExceeded` is 408 and `FailedPrecondition` is 412.
 */
export const codes = Object.freeze({
  Canceled: { number: 1, httpStatus: 499, meaning: 'The caller gave up before the call ended.' },
  Unknown: { number: 2, httpStatus: 500, meaning: 'An error that carries no code of its own.' },
  InvalidArgument: { number: 3, httpStatus: 400, meaning: 'The request can never succeed as it was written.' },
  DeadlineExceeded: { number: 4, httpStatus: 408, meaning: 'The time for the call ran out.' },
  NotFound: { number: 5, httpStatus: 404, meaning: 'The thing asked for does not exist.' },
  AlreadyExists: { number: 6, httpStatus: 409, meaning: 'The thing to be made exists.' },
  PermissionDenied: { number: 7, httpStatus: 403, meaning: 'The caller is known and may not do this.' },
  ResourceExhausted: { number: 8, httpStatus: 429, meaning: 'A limit was reached: size, rate, quota or space.' },
  FailedPrecondition: { number: 9, httpStatus: 412, meaning: 'The system is not in the state that this needs.' },
  Aborted: { number: 10, httpStatus: 409, meaning: 'A conflict with another operation; a new attempt may do.' },
  OutOfRange: { number: 11, httpStatus: 400, meaning: 'Past the end of what is valid now.' },
  Unimplemented: { number: 12, httpStatus: 501, meaning: 'There is no such service, endpoint or capability.' },
  Internal: { number: 13, httpStatus: 500, meaning: 'A fault of the implementation.' },
  Unavailable: { number: 14, httpStatus: 503, meaning: 'The service cannot be reached now.' },
  DataLoss: { number: 15, httpStatus: 500, meaning: 'Data was lost or damaged for good.' },
  Unauthenticated: { number: 16, httpStatus: 401, meaning: 'The caller did not show who it is.' },
} as const satisfies Record<string, { number: number; httpStatus: number; meaning: string }>);

/** Whether a value that came from outside is one of the sixteen codes. */
export function isCode(value: unknown): value is Code {
  return typeof value === 'string' && Object.hasOwn(codes, value);
}

/**
 * The code for an HTTP status that a peer answered without naming a code.
 *
 * Statuses not listed fall back by class: 4xx is `InvalidArgument`, 5xx is `Internal`, anything else `Unknown`.
 */
export function codeOfHttpStatus(status: number): Code {
  const exact = statusCodes[status];
  if (exact !== undefined) return exact;
  if (status >= 400 && status < 500) return 'InvalidArgument';
  return status >= 500 && status < 600 ? 'Internal' : 'Unknown';
}

const statusCodes: Readonly<Record<number, Code>> = Object.freeze({
  400: 'InvalidArgument',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'NotFound',
  405: 'Unimplemented',
  408: 'DeadlineExceeded',
  409: 'AlreadyExists',
  412: 'FailedPrecondition',
  413: 'ResourceExhausted',
  415: 'InvalidArgument',
  429: 'ResourceExhausted',
  431: 'ResourceExhausted',
  499: 'Canceled',
  500: 'Internal',
  501: 'Unimplemented',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'DeadlineExceeded',
});
