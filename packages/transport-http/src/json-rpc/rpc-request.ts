import { ServiceError } from '@tenon/contract';

/** An id as the specification allows it. Numbers are those that JavaScript can say back exactly. */
export type RpcId = string | number | null;

/** One request of JSON-RPC 2.0, understood. */
export interface RpcRequest {
  /** Empty where the method names none, and the endpoint alone must do. */
  readonly service: string;
  readonly endpoint: string;
  /** The request's value. */
  readonly value: unknown;
  /** Undefined for a notification, which is never answered. */
  readonly id: RpcId | undefined;
}

/** What is no request, with the id to say it under. */
export interface InvalidRequest {
  readonly invalid: ServiceError;
  readonly id: RpcId;
}

/**
 * Reads one request (JSON-RPC 2.0, section 4). Its method is `Greeter.Hello`, or `greeter/Greeter.Hello` where the endpoint
 * alone would not be clear.
 *
 * @param value - as it was decoded.
 */
export function readRpcRequest(value: unknown): RpcRequest | InvalidRequest {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { invalid: invalid('a request must be an object'), id: null };
  }
  const fields: Readonly<Record<string, unknown>> = Object.assign(Object.create(null), value);
  const { jsonrpc, method, params, id } = fields;
  if (!isId(id)) return { invalid: invalid('id must be a text, a number up to 2^53, or null'), id: null };
  const refuse = (why: string): InvalidRequest => ({ invalid: invalid(why), id: id ?? null });
  if (jsonrpc !== '2.0') return refuse('jsonrpc must be "2.0"');
  if (typeof method !== 'string') return refuse('method must be a text');
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    return refuse('params must be an object, or an array that holds the request');
  }
  const slash = method.indexOf('/');
  const service = slash < 0 ? '' : method.slice(0, slash);
  return { service, endpoint: method.slice(slash + 1), value: requestIn(params), id };
}

/** By name, the params are the request. By position, an array of one holds it; any other array is it. */
function requestIn(params: object | undefined): unknown {
  if (params === undefined) return {};
  if (!Array.isArray(params)) return params;
  if (params.length === 0) return {};
  return params.length === 1 ? params[0] : params;
}

function isId(id: unknown): id is RpcId | undefined {
  if (typeof id === 'number') return Number.isFinite(id) && Math.abs(id) <= Number.MAX_SAFE_INTEGER;
  return id === undefined || id === null || typeof id === 'string';
}

function invalid(why: string): ServiceError {
  return new ServiceError('InvalidArgument', why, { executed: 'no' });
}
