import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { answerLoads } from './loads.mjs';

// The client of gRPC nodes at fixed ports, with grpc-js's defaults but for round robin, without which all calls go to one.

const file = fileURLToPath(new URL('../echo.proto', import.meta.url));
const { bench } = loadPackageDefinition(loadSync(file, { keepCase: true, defaults: true }));
const target = `ipv4:${process.argv.slice(2).join(',')}`;
const client = new bench.Echo(target, credentials.createInsecure(), {
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
});
const call = (n) =>
  new Promise((resolve, reject) => {
    const deadline = Date.now() + 2_000;
    client.Small({ name: 'load', n }, { deadline }, (error, reply) =>
      error === null ? resolve(reply) : reject(error),
    );
  });
client.waitForReady(Date.now() + 10_000, (error) => {
  if (error !== undefined) throw error;
  answerLoads(call);
});
