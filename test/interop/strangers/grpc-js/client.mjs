import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { credentials, loadPackageDefinition, Metadata, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { runCases } from '../../harness/cases.mjs';

// Arguments: the .proto of the service, the port where it is, and under TLS the file of the authority's certificate.

const [, , proto, port, ca] = process.argv;
const { TestService } = loadPackageDefinition(loadSync(proto, { longs: Number, defaults: true })).grpc.testing;
const secure = ca === undefined ? credentials.createInsecure() : credentials.createSsl(readFileSync(ca));
const client = new TestService(`127.0.0.1:${port}`, secure);
const gzip = 2;
const compressing = new TestService(`127.0.0.1:${port}`, secure, { 'grpc.default_compression_algorithm': gzip });
const manifest = new URL('node_modules/@grpc/grpc-js/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));

const zeros = (size) => ({ type: 0, body: Buffer.alloc(size) });
const large = { responseType: 0, responseSize: 314_159, payload: zeros(271_828) };
const replySizes = [31_415, 9, 2_653, 58_979];
const asking = (size) => ({ responseParameters: [{ size, intervalUs: 0 }], payload: zeros(27_182) });

/** Makes a unary call; resolves with its reply, the metadata before it and those behind it. */
const unary = (method, request, metadata = new Metadata(), caller = client) =>
  new Promise((resolve, reject) => {
    const heads = {};
    const call = caller[method](request, metadata, (error, reply) => {
      if (error) reject(error);
      else setImmediate(() => resolve({ reply, ...heads }));
    });
    call.on('metadata', (head) => {
      heads.initial = head;
    });
    call.on('status', ({ metadata: trailers }) => {
      heads.trailing = trailers;
    });
  });

const failureOf = (call) =>
  call.then(
    () => assert.fail('it succeeded'),
    (error) => error,
  );

/** All that comes of a stream. */
async function all(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

const specialText = '\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n';
const way = ca === undefined ? 'it calls in the clear' : 'it calls under TLS';

const cases = {
  empty_unary: () => unary('emptyCall', {}),
  large_unary: async () => {
    const { reply } = await unary('unaryCall', large);
    assert.ok(reply.payload.body.equals(Buffer.alloc(314_159)));
  },
  client_compressed_unary: async () => {
    const [said, denied] = [true, false].map((value) => ({ ...large, expectCompressed: { value } }));
    const probe = await failureOf(unary('unaryCall', said));
    assert.equal(probe.code, status.INVALID_ARGUMENT);
    const replies = [await unary('unaryCall', said, new Metadata(), compressing), await unary('unaryCall', denied)];
    for (const { reply } of replies) assert.ok(reply.payload.body.equals(Buffer.alloc(314_159)));
  },
  client_streaming: async () => {
    const size = await new Promise((resolve, reject) => {
      const call = client.streamingInputCall((error, reply) =>
        error ? reject(error) : resolve(reply.aggregatedPayloadSize),
      );
      for (const length of [27_182, 8, 1_828, 45_904]) call.write({ payload: zeros(length) });
      call.end();
    });
    assert.equal(size, 74_922);
  },
  server_streaming: async () => {
    const responseParameters = replySizes.map((size) => ({ size, intervalUs: 0 }));
    const replies = await all(client.streamingOutputCall({ responseParameters }));
    assert.deepEqual(
      replies.map(({ payload }) => payload.body.length),
      replySizes,
    );
  },
  ping_pong: async () => {
    const call = client.fullDuplexCall();
    const seen = [];
    call.write(asking(replySizes[0]));
    for await (const { payload } of call) {
      seen.push(payload.body.length);
      if (seen.length < replySizes.length) call.write(asking(replySizes[seen.length]));
      else call.end();
    }
    assert.deepEqual(seen, replySizes);
  },
  empty_stream: async () => {
    const call = client.fullDuplexCall();
    call.end();
    assert.deepEqual(await all(call), []);
  },
  timeout_on_sleeping_server: async () => {
    const call = client.fullDuplexCall(new Metadata(), { deadline: Date.now() + 1 });
    call.write({ payload: zeros(27_182) });
    assert.equal((await failureOf(all(call))).code, status.DEADLINE_EXCEEDED);
  },
  cancel_after_begin: async () => {
    const error = await new Promise((resolve) => {
      client.streamingInputCall((failure) => resolve(failure)).cancel();
    });
    assert.equal(error.code, status.CANCELLED);
  },
  cancel_after_first_response: async () => {
    const call = client.fullDuplexCall();
    call.write(asking(replySizes[0]));
    call.once('data', () => call.cancel());
    const error = await new Promise((resolve) => call.once('error', resolve));
    assert.equal(error.code, status.CANCELLED);
  },
  status_code_and_message: async () => {
    const responseStatus = { code: 2, message: 'test status message' };
    const error = await failureOf(unary('unaryCall', { responseStatus }));
    assert.deepEqual([error.code, error.details], [2, responseStatus.message]);
    const call = client.fullDuplexCall();
    call.write({ responseStatus });
    call.end();
    const second = await failureOf(all(call));
    assert.deepEqual([second.code, second.details], [2, responseStatus.message]);
  },
  special_status_message: async () => {
    const error = await failureOf(unary('unaryCall', { responseStatus: { code: 2, message: specialText } }));
    assert.deepEqual([error.code, error.details], [2, specialText]);
  },
  custom_metadata: async () => {
    const metadata = new Metadata();
    metadata.set('x-grpc-test-echo-initial', 'test_initial_metadata_value');
    metadata.set('x-grpc-test-echo-trailing-bin', Buffer.from([0xab, 0xab, 0xab]));
    const { initial, trailing } = await unary('unaryCall', large, metadata);
    assert.deepEqual(initial.get('x-grpc-test-echo-initial'), ['test_initial_metadata_value']);
    assert.deepEqual(trailing.get('x-grpc-test-echo-trailing-bin'), [Buffer.from([0xab, 0xab, 0xab])]);
  },
  unimplemented_method: async () => {
    const nothing = () => Buffer.alloc(0);
    const error = await new Promise((resolve) => {
      client.makeUnaryRequest('/grpc.testing.TestService/UnimplementedCall', nothing, nothing, {}, resolve);
    });
    assert.equal(error.code, status.UNIMPLEMENTED);
  },
  unimplemented_service: async () => {
    const nothing = () => Buffer.alloc(0);
    const error = await new Promise((resolve) => {
      client.makeUnaryRequest('/grpc.testing.UnimplementedService/UnimplementedCall', nothing, nothing, {}, resolve);
    });
    assert.equal(error.code, status.UNIMPLEMENTED);
  },
};

await runCases(version, Object.fromEntries(Object.entries(cases).map(([name, run]) => [`${way}: ${name}`, run])));
client.close();
compressing.close();
// A call that its deadline ended at once may keep grpc-js's connection open.
process.exit();
