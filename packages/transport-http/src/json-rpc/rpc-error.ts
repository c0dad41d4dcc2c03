import { type Code, codes, type ServiceError } from '@tenon/contract';
import type { RpcId } from './rpc-request.js';

/** The errors that JSON-RPC 2.0 has names for (section 5.1). */
export type RpcErrorName = keyof typeof rpcErrors;

const rpcErrors = Object.freeze({
  parse: { code: -32_700, message: 'Parse error' },
  invalidRequest: { code: -32_600, message: 'Invalid Request' },
  methodNotFound: { code: -32_601, message: 'Method not found' },
  invalidParams: { code: -32_602, message: 'Invalid params' },
  internal: { code: -32_603, message: 'Internal error' },
});

/** What a call's own error is called. The other codes are server errors: -32000 less the number that gRPC gives the code. */
const namesOfCodes: Readonly<Partial<Record<Code, RpcErrorName>>> = Object.freeze({
  Unimplemented: 'methodNotFound',
  InvalidArgument: 'invalidParams',
  Internal: 'internal',
});

/**
 * One answer that says how a request failed.
 *
 * @param record - the error's record in JSON, which becomes `data`.
 * @param name - absent: by the error's code.
 */
export function rpcFailure(error: ServiceError, record: Buffer, id: RpcId, name = namesOfCodes[error.code]): Buffer {
  const known = name && rpcErrors[name];
  const code = known?.code ?? -32_000 - codes[error.code].number;
  const message = known === undefined ? error.rawMessage : `${known.message}: ${error.rawMessage}`;
  const start = `{"jsonrpc":"2.0","error":{"code":${code},"message":${JSON.stringify(message)},"data":`;
  return Buffer.concat([Buffer.from(start), record, Buffer.from(`},"id":${JSON.stringify(id)}}`)]);
}

/** One answer that holds a result, in JSON. */
export function rpcResult(result: Buffer, id: RpcId): Buffer {
  return Buffer.concat([
    Buffer.from('{"jsonrpc":"2.0","result":'),
    result,
    Buffer.from(`,"id":${JSON.stringify(id)}}`),
  ]);
}
