import { natsRegistry } from '@tenon/registry-nats';
import { NatsServer } from '../../../test/nats-server/nats-server.js';

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'nats',
  what: 'nats-server 2.9 of Debian, one member',
  ttlMs: 2_000,
  async start() {
    const server = await NatsServer.start();
    return {
      where: server.address,
      server: {
        address: server.address,
        behind: (address: string) => address,
        kill: () => server.kill(),
        start: () => server.restart(),
        // It keeps nothing: the nodes answer for themselves.
        clear: async () => {},
        pause: () => server.pause(),
        resume: () => server.resume(),
      },
      [Symbol.asyncDispose]: () => server.stop(),
    };
  },
};

export const connect = (server: string) => natsRegistry({ servers: [server] });
