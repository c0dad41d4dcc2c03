import { natsRegistry } from '../src/index.js';
import { NatsServer } from './nats-server.js';

/** This registry as `npm run bench -- discovery` measures it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'nats',
  what: 'nats-server 2.9 of Debian, one member',
  ttlMs: 2_000,
  async start() {
    const server = await NatsServer.start();
    return { where: server.address, [Symbol.asyncDispose]: () => server.stop() };
  },
};

export const connect = (server: string) => natsRegistry({ servers: [server] });
