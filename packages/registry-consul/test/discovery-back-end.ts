import { consulRegistry } from '@tenon/registry-consul';
import { DoubleProcess } from './double-process.js';

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'consul',
  what: 'a double of a Consul agent: not a real one',
  isDouble: true,
  ttlMs: 2_000,
  mostNodes: 1_000,
  async start() {
    const double = await DoubleProcess.start();
    return {
      where: double.endpoint,
      server: {
        address: double.endpoint,
        behind: (address: string) => address,
        kill: () => double.kill(),
        start: () => double.restart(),
        clear: () => double.clear(),
        pause: () => double.pause(),
        resume: () => double.resume(),
        watches: () => double.watches(),
      },
      [Symbol.asyncDispose]: () => double.dispose(),
    };
  },
};

export const connect = (endpoint: string) => consulRegistry({ endpoint });
