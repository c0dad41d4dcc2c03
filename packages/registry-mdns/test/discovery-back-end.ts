import { mdnsRegistry, multicastWorks } from '@tenon/registry-mdns';

const interfaces = ['127.0.0.1'];

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'mdns',
  what: 'no server: multicast on loopback',
  ttlMs: 2_000,
  async start() {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (!(await multicastWorks({ interfaces, port })))
      throw Object.assign(new Error('multicast does not work on loopback here'), { name: 'Missing' });
    return { where: port, [Symbol.asyncDispose]: async () => {} };
  },
};

export const connect = (port: number) => mdnsRegistry({ interfaces, port });
