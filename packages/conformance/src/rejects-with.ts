import assert from 'node:assert/strict';
import { type Code, ServiceError } from '@tenon/contract';

/**
 * Asserts that a call fails with a `ServiceError` of one of the given codes, whether it throws or rejects, and resolves
 * with that error.
 */
export async function rejectsWith(call: () => unknown, ...codes: readonly Code[]): Promise<ServiceError> {
  let result: unknown;
  try {
    result = await call();
  } catch (thrown) {
    assert.ok(thrown instanceof ServiceError, `expected a ServiceError, got ${String(thrown)}`);
    assert.ok(codes.includes(thrown.code), `expected ${codes.join(' or ')}, got: ${thrown.message}`);
    return thrown;
  }
  assert.fail(`expected a failure with ${codes.join(' or ')}, got ${describe(result)}`);
}

function describe(result: unknown): string {
  return result === undefined ? 'success' : `success with a value of type ${typeof result}`;
}
