import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** A port of loopback that was free a moment ago, for a server under test that cannot be told to choose one itself. */
export async function freePort(): Promise<number> {
  const server = await listening();
  return released(server);
}

/** Several such ports. They are held together until all are known, so that they differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listening));
  return Promise.all(servers.map(released));
}

async function listening(): Promise<Server> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function released(server: Server): Promise<number> {
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
