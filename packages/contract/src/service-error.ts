import type { Attempt } from './attempt.js';
import { type Code, isCode } from './code.js';
import { type Executed, isExecuted } from './executed.js';
import { isRefusal, type Refusal } from './refusal.js';

/** What a {@link ServiceError} may carry beside its code and message. All fields are optional. */
export interface ServiceErrorFields {
  /** Machine-readable facts, typed by the code's documentation. They travel to the caller: never put a secret here. */
  readonly details?: unknown;
  /** The error underneath. Logged where it happened, never sent over a wire. */
  readonly cause?: unknown;
  /** The service that was called, where known. */
  readonly service?: string | undefined;
  /** The endpoint that was called, as `Greeter.Hello`, where known. */
  readonly endpoint?: string | undefined;
  /** The id of the node that failed, where known. */
  readonly node?: string | undefined;
  /** Whether the handler ran. Default `maybe`. */
  readonly executed?: Executed;
  /** Why the server turned the call away; absent where it did not. Only with `executed: 'no'`. */
  readonly refusal?: Refusal | undefined;
  /** Whether the peer answered this error, rather than somebody on this side. Never sent. Default false. */
  readonly answered?: boolean;
  /** Every attempt of a call that was tried more than once, oldest first. */
  readonly attempts?: readonly Attempt[];
  /** Finds the one log line that holds the details which were kept from the caller. */
  readonly correlationId?: string | undefined;
}

/** The form in which an error crosses a wire: plain data, nothing of the cause, no stack. */
export interface ServiceErrorRecord {
  readonly code: Code;
  readonly message: string;
  readonly executed: Executed;
  readonly details?: unknown;
  readonly service?: string;
  readonly endpoint?: string;
  readonly node?: string;
  readonly correlationId?: string;
  readonly refusal?: Refusal;
}

const brand: unique symbol = Symbol.for('tenon.ServiceError') as never;

/**
 * The one error of Tenon: thrown by clients, providers and the framework, and to be thrown by handlers that want their
 * caller to see more than `Internal`.
 *
 * `instanceof ServiceError` holds across two installed copies of this package (it reads a brand, not the prototype
 * chain), and the error survives every wire: code, message, details, `executed`, service, endpoint, node and
 * correlation id arrive; cause and stack stay where they were.
 *
 * @example
 * throw new ServiceError('NotFound', 'no order 42', { details: { order: 42 } });
 */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: Code;
  /** The message without the `[Code]` prefix that {@link Error.message} has. */
  readonly rawMessage: string;
  readonly details: unknown;
  readonly service: string | undefined;
  readonly endpoint: string | undefined;
  readonly node: string | undefined;
  readonly executed: Executed;
  readonly refusal: Refusal | undefined;
  readonly answered: boolean;
  readonly attempts: readonly Attempt[];
  readonly correlationId: string | undefined;

  constructor(code: Code, message: string, fields: ServiceErrorFields = {}) {
    super(`[${code}] ${message}`, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = code;
    this.rawMessage = message;
    this.details = fields.details;
    this.service = fields.service;
    this.endpoint = fields.endpoint;
    this.node = fields.node;
    this.executed = fields.executed ?? 'maybe';
    this.refusal = fields.refusal;
    this.answered = fields.answered ?? false;
    this.attempts = fields.attempts ?? [];
    this.correlationId = fields.correlationId;
    Object.defineProperty(this, brand, { value: true });
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== ServiceError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && brand in value;
  }

  /**
   * Turns anything that was thrown into a `ServiceError`. In this order:
   *
   * 1. a `ServiceError` (also one of another copy of this package) is returned as it is;
   * 2. an abort (`AbortError`, or a signal's default reason) becomes `Canceled`, a `TimeoutError` `DeadlineExceeded`;
   * 3. anything else, a string, `null` or a plain `Error`, becomes `code` (default `Internal`), with the thrown value as
   *    `cause`. Its text becomes the message: whoever sends the result to another process replaces the message first,
   *    because a plain error's text may hold secrets.
   *
   * @param fields - filled into the new error; a `ServiceError` that is returned as it is ignores them.
   */
  static from(thrown: unknown, fields: ServiceErrorFields & { readonly code?: Code } = {}): ServiceError {
    if (thrown instanceof ServiceError) return thrown;
    const { code, ...rest } = fields;
    return new ServiceError(codeOfThrown(thrown) ?? code ?? 'Internal', textOf(thrown), { cause: thrown, ...rest });
  }

  /**
   * What the constructor makes, but without a stack: for what came from outside and is refused, or told. A stack would show
   * nothing but the framework, and writing it down takes longer than the rest of a call that is refused.
   */
  static refusal(code: Code, message: string, fields: ServiceErrorFields = {}): ServiceError {
    return withoutStack(() => new ServiceError(code, message, fields));
  }

  /**
   * Rebuilds an error from its record, which came from outside: unknown codes read as `Unknown`, bad fields are left out. It has
   * no stack: what happened did so elsewhere.
   */
  static fromRecord(record: unknown, fields: ServiceErrorFields = {}): ServiceError {
    const data: Record<string, unknown> = typeof record === 'object' && record !== null ? { ...record } : {};
    const text = (key: string): string | undefined => (typeof data[key] === 'string' ? data[key] : undefined);
    return ServiceError.refusal(isCode(data['code']) ? data['code'] : 'Unknown', text('message') ?? 'no message', {
      details: data['details'],
      service: text('service'),
      endpoint: text('endpoint'),
      node: text('node'),
      executed: isExecuted(data['executed']) ? data['executed'] : 'maybe',
      correlationId: text('correlationId'),
      refusal: isRefusal(data['refusal']) && data['executed'] === 'no' ? data['refusal'] : undefined,
      answered: true,
      ...fields,
    });
  }

  /** A copy with some fields replaced: used to add what an outer layer knows. The stack stays that of this error. */
  with(fields: ServiceErrorFields): ServiceError {
    const copy = withoutStack(
      () =>
        new ServiceError(this.code, this.rawMessage, {
          details: this.details,
          cause: this.cause,
          service: this.service,
          endpoint: this.endpoint,
          node: this.node,
          executed: this.executed,
          refusal: this.refusal,
          answered: this.answered,
          attempts: this.attempts,
          correlationId: this.correlationId,
          ...fields,
        }),
    );
    // Read only when somebody looks: writing a stack down takes longer than the rest of a failing call.
    Object.defineProperty(copy, 'stack', {
      configurable: true,
      get: () => this.stack,
      set: (value: unknown) => Object.defineProperty(copy, 'stack', { configurable: true, writable: true, value }),
    });
    return copy;
  }

  /** The form that crosses a wire. */
  toRecord(): ServiceErrorRecord {
    return {
      code: this.code,
      message: this.rawMessage,
      executed: this.executed,
      ...(this.details === undefined ? {} : { details: this.details }),
      ...(this.service === undefined ? {} : { service: this.service }),
      ...(this.endpoint === undefined ? {} : { endpoint: this.endpoint }),
      ...(this.node === undefined ? {} : { node: this.node }),
      ...(this.correlationId === undefined ? {} : { correlationId: this.correlationId }),
      ...(this.refusal === undefined ? {} : { refusal: this.refusal }),
    };
  }

  toJSON(): ServiceErrorRecord {
    return this.toRecord();
  }
}

/** Makes an error that takes no stack of its own. */
function withoutStack<T extends Error>(make: () => T): T {
  const { stackTraceLimit } = Error;
  // Refused, and the stack then taken in vain, where the globals are frozen.
  Reflect.set(Error, 'stackTraceLimit', 0);
  try {
    return make();
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
}

function codeOfThrown(thrown: unknown): Code | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('name' in thrown)) return undefined;
  if (thrown.name === 'AbortError') return 'Canceled';
  return thrown.name === 'TimeoutError' ? 'DeadlineExceeded' : undefined;
}

function textOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message === '' ? thrown.name : thrown.message;
  return typeof thrown === 'string' ? thrown : `a value of type ${thrown === null ? 'null' : typeof thrown} was thrown`;
}
