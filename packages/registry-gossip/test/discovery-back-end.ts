import { gossipRegistry } from '@tenon/registry-gossip';

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'gossip',
  what: 'no server: members on loopback, profile local',
  ttlMs: 2_000,
  // A killed member is found by its silence, not by the time to live: within 6 s in profile local.
  extraMs: 2_000,
  async start() {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    return { where: `127.0.0.1:${first}-${first + 15}`, [Symbol.asyncDispose]: async () => {} };
  },
};

/** Each asks the ports of the range. */
export const connect = (listen: string) => gossipRegistry({ listen });
