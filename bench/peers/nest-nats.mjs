import { Transport } from '@nestjs/microservices';
import { connectNest, serveNest } from './nest/application.mjs';

// NestJS microservices over NATS.

export const needsNats = true;

export async function serve(handlers, { nats }) {
  return { address: nats, ...(await serveNest(handlers, transportOf(nats))) };
}

export const connect = (address) => connectNest(transportOf(address));

function transportOf(server) {
  return { transport: Transport.NATS, options: { servers: [server] } };
}
