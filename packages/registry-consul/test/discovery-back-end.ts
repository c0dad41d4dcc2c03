import { consulRegistry } from '../src/index.js';
import { ConsulDouble } from './consul-double.js';

/** This registry as `npm run bench -- discovery` measures it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'consul',
  what: 'a double of a Consul agent: not a real one',
  ttlMs: 2_000,
  mostNodes: 1_000,
  async start() {
    const double = await ConsulDouble.start();
    return { where: double.endpoint, [Symbol.asyncDispose]: () => double.dispose() };
  },
};

export const connect = (endpoint: string) => consulRegistry({ endpoint });
