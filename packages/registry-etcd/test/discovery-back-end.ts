import { etcdRegistry } from '../src/index.js';
import { EtcdServer } from './etcd-server.js';

/** This registry as `npm run bench -- discovery` measures it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'etcd',
  what: 'etcd 3.4 of Debian, one member',
  ttlMs: 2_000,
  async start() {
    const server = await EtcdServer.start();
    return { where: [server.endpoint], [Symbol.asyncDispose]: () => server.dispose() };
  },
};

export const connect = (endpoints: readonly string[]) => etcdRegistry({ endpoints });
