import assert from 'node:assert/strict';
import { type Codec, type CodecSession, type Schema, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';

/** The bytes of one value, in a buffer of their own. */
export function bytesOf(session: CodecSession, value: unknown, schema?: Schema): Buffer {
  const sink = new BufferSink(64 * 1_024 * 1_024);
  session.encoder(schema)(value, sink);
  return sink.bytes();
}

/** The value of a whole buffer. */
export function valueIn(session: CodecSession, bytes: Uint8Array, schema?: Schema): unknown {
  return session.decoder(schema)(bytes, 0, bytes.length);
}

/** There and back, through one session. */
export function roundTrip(codec: Codec, value: unknown, schema?: Schema): unknown {
  const session = codec.open();
  return valueIn(session, bytesOf(session, value, schema), schema);
}

/** Asserts that something is refused as bad input, certainly before any handler ran. Returns the error. */
export function assertRefused(refused: () => unknown, what: string): ServiceError {
  try {
    refused();
  } catch (thrown) {
    assertIsRefusal(thrown, what);
    return thrown;
  }
  assert.fail(`${what} was accepted`);
}

/** Asserts that something is either accepted or refused as bad input; no other error, no crash. */
export function assertRefusedOrAccepted(tried: () => unknown, what: string): void {
  try {
    tried();
  } catch (thrown) {
    assertIsRefusal(thrown, what);
  }
}

function assertIsRefusal(thrown: unknown, what: string): asserts thrown is ServiceError {
  assert.ok(thrown instanceof ServiceError, `${what} ended with ${String(thrown)} instead of a ServiceError`);
  assert.equal(thrown.code, 'InvalidArgument', `the code for ${what}: ${thrown.message}`);
  assert.equal(thrown.executed, 'no', `executed for ${what}: ${thrown.message}`);
}
