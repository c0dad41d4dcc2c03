import { zookeeperRegistry } from '@tenon/registry-zookeeper';
import { ZookeeperServer } from './zookeeper-server.js';

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'zookeeper',
  what: 'ZooKeeper 3.8 of Debian, one member, a tick of 0.5 s',
  ttlMs: 2_000,
  async start() {
    const server = await ZookeeperServer.start();
    return {
      where: server.endpoint,
      server: {
        address: server.endpoint,
        behind: (address: string) => address,
        kill: () => server.kill(),
        start: () => server.restart(),
        clear: () => server.clear(),
        pause: () => server.pause(),
        resume: () => server.resume(),
        watches: () => server.watches(),
      },
      [Symbol.asyncDispose]: () => server.dispose(),
    };
  },
};

export const connect = (endpoint: string) => zookeeperRegistry({ endpoints: [endpoint] });
