import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

// gRPC in Node: grpc-js with protobufjs behind proto-loader, in the clear, one channel.

export const startsSlowly = true;

const file = fileURLToPath(new URL('echo.proto', import.meta.url));

function echoService() {
  return loadPackageDefinition(loadSync(file, { keepCase: true, defaults: true })).bench.Echo;
}

export async function serve(handlers) {
  const server = new Server();
  server.addService(echoService().service, {
    Small: ({ request }, callback) => callback(null, handlers.small(request)),
    Records: ({ request }, callback) => callback(null, handlers.records(request)),
    Count: async (call) => {
      for await (const tick of handlers.count(call.request)) {
        if (call.cancelled) return;
        if (!call.write(tick)) await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
      }
      call.end();
    },
    Converse: (call) => {
      call.on('data', (message) => call.write(handlers.echo(message)));
      call.on('end', () => call.end());
    },
  });
  const port = await new Promise((resolve, reject) => {
    const bound = (error, at) => (error === null ? resolve(at) : reject(error));
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), bound);
  });
  return { address: `127.0.0.1:${port}`, close: async () => server.forceShutdown() };
}

export async function connect(address) {
  const Echo = echoService();
  const client = new Echo(address, credentials.createInsecure());
  await new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + 10_000, (error) => (error === undefined ? resolve() : reject(error)));
  });
  const unary = (method) => (request) =>
    new Promise((resolve, reject) => {
      client[method](request, (error, reply) => (error === null ? resolve(reply) : reject(error)));
    });
  return {
    small: unary('Small'),
    records: unary('Records'),
    count: (request) => client.Count(request),
    echo: () => conversation(client.Converse()),
    close: async () => client.close(),
  };
}

function conversation(call) {
  let answered;
  call.on('data', (message) => answered(message));
  return {
    say: (message) =>
      new Promise((resolve, reject) => {
        answered = resolve;
        call.write(message, (error) => (error ? reject(error) : undefined));
      }),
    end: async () => {
      const ended = once(call, 'end');
      call.end();
      await ended;
    },
  };
}
