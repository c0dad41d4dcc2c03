import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// One node of a gRPC service, on the port that it is told; 0 is any free one. It leaves by `tryShutdown` at SIGTERM, as grpc-js
// advises, and takes what it is told to wait before each answer.

let delayMs = 0;
process.on('message', (told) => {
  delayMs = told.delayMs;
});
process.on('disconnect', () => process.exit(0));

const file = fileURLToPath(new URL('../echo.proto', import.meta.url));
const { bench } = loadPackageDefinition(loadSync(file, { keepCase: true, defaults: true }));
const server = new Server();
const answer = ({ request }, callback) => setTimeout(() => callback(null, request), delayMs);
server.addService(bench.Echo.service, { Small: answer, Records: answer });
server.bindAsync(`127.0.0.1:${process.argv[2] ?? 0}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send({ ready: port });
});
process.on('SIGTERM', () => server.tryShutdown(() => process.exit(0)));
