import { Transport } from '@nestjs/microservices';
import { freePort } from './free-port.mjs';
import { connectNest, serveNest } from './nest/application.mjs';

// NestJS microservices over TCP: JSON with a length in front, one connection.

export async function serve(handlers) {
  const port = await freePort();
  return { address: String(port), ...(await serveNest(handlers, transportOf(port))) };
}

export const connect = (address) => connectNest(transportOf(Number(address)));

function transportOf(port) {
  return { transport: Transport.TCP, options: { host: '127.0.0.1', port } };
}
