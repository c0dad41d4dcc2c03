import { type Call, noMetadata } from '@tenon/contract';
import { hello } from './greeter.js';

/** A call as a client would hand it to a transport. */
export function callOf(changes: Partial<Call> = {}): Call {
  return { endpoint: hello, value: { name: 'Ada' }, metadata: noMetadata, deadline: 1_000, ...changes };
}
