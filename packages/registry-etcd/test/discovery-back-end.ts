import { etcdRegistry } from '@tenon/registry-etcd';
import { EtcdServer } from './etcd-server.js';

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'etcd',
  what: 'etcd 3.4 of Debian, one member',
  ttlMs: 2_000,
  async start() {
    const server = await EtcdServer.start();
    return {
      where: [server.endpoint],
      server: {
        address: server.endpoint,
        behind: (address: string) => [address],
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

export const connect = (endpoints: readonly string[]) => etcdRegistry({ endpoints });
