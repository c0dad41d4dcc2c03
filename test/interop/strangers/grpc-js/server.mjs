import { loadPackageDefinition, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// Serves TestService by the .proto that is the one argument, and prints its port.

const { TestService } = loadPackageDefinition(loadSync(process.argv[2], { longs: Number, defaults: true })).grpc
  .testing;
const reply = (size) => ({ payload: { type: 0, body: Buffer.alloc(size) } });
const failureOf = ({ code, message }) => ({ code, details: message });

/** What a caller wants back behind the messages; what it wants before them is sent at once. */
function echoed(call) {
  const [head, trailers] = [new Metadata(), new Metadata()];
  for (const value of call.metadata.get('x-grpc-test-echo-initial')) head.set('x-grpc-test-echo-initial', value);
  for (const value of call.metadata.get('x-grpc-test-echo-trailing-bin')) {
    trailers.set('x-grpc-test-echo-trailing-bin', value);
  }
  call.sendMetadata(head);
  return trailers;
}

const server = new Server();
server.addService(TestService.service, {
  emptyCall: (_call, answer) => answer(null, {}),
  unaryCall: (call, answer) => {
    const trailers = echoed(call);
    const { responseStatus, responseSize } = call.request;
    if (responseStatus?.code > 0) answer(failureOf(responseStatus));
    else answer(null, reply(responseSize), trailers);
  },
  streamingOutputCall: (call) => {
    for (const { size } of call.request.responseParameters) call.write(reply(size));
    call.end();
  },
  streamingInputCall: (call, answer) => {
    let aggregatedPayloadSize = 0;
    call.on('data', ({ payload }) => {
      aggregatedPayloadSize += payload.body.length;
    });
    call.on('end', () => answer(null, { aggregatedPayloadSize }));
  },
  fullDuplexCall: (call) => {
    call.on('data', ({ responseStatus, responseParameters }) => {
      if (responseStatus?.code > 0) call.emit('error', failureOf(responseStatus));
      else for (const { size } of responseParameters) call.write(reply(size));
    });
    call.on('end', () => call.end());
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${port}\n`);
});
