import { eurekaRegistry } from '@tenon/registry-eureka';
import { EurekaServer, eurekaServerMissing } from './eureka-server.js';

const ttlMs = 2_000;

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'eureka',
  what: 'Spring Cloud’s Eureka server, without its cache, evicting each 0.3 s; fetched each second',
  ttlMs,
  mostNodes: 1_000,
  // Eureka adds the time to live twice; then its next eviction, and our next fetch.
  extraMs: ttlMs + 300 + 1_000,
  async start() {
    const missing = await eurekaServerMissing();
    if (missing !== undefined) throw Object.assign(new Error(missing), { name: 'Missing' });
    const server = await EurekaServer.start();
    return {
      where: server.url,
      server: {
        address: `127.0.0.1:${server.port}`,
        behind: (address: string) => `http://${address}/eureka`,
        kill: () => server.kill(),
        start: () => server.restart(),
        // All that it knew ended with its process.
        clear: async () => {},
        keepTheDead: () => server.preserveItself(),
        pause: () => server.pause(),
        resume: () => server.resume(),
      },
      [Symbol.asyncDispose]: () => server.kill(),
    };
  },
};

export const connect = (url: string) => eurekaRegistry({ zones: { a: [url] }, fetchIntervalMs: 1_000 });
