import { once } from 'node:events';
import { createServer } from 'node:http';
import { connectJson } from './http/json-client.mjs';

// The floor of HTTP: bare node:http with JSON, called by undici. No framework on either side.

export async function serve(handlers) {
  const server = createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const handler = request.url === '/small' ? handlers.small : handlers.records;
      const body = JSON.stringify(handler(JSON.parse(Buffer.concat(chunks).toString())));
      const length = Buffer.byteLength(body);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': length }).end(body);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, close };
}

export const connect = async (address) => connectJson(address);
