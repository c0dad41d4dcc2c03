import { consulRegistry } from '@tenon/registry-consul';
import { ConsulAgent } from './consul-agent.js';
import { DoubleProcess } from './double-process.js';

/** A real agent, where this names one; how to build it stands in the README. */
const program = process.env['CONSUL_AGENT'] ?? '';
const isDouble = program === '';

/** This registry as `npm run bench -- discovery` and `npm run chaos` take it; what the fields mean stands in `test/discovery/back-end.ts`. */
export const backEnd = {
  name: 'consul',
  what: isDouble ? 'a double of a Consul agent: not a real one' : 'a Consul agent, a server and its own cluster',
  isDouble,
  ttlMs: 2_000,
  mostNodes: 1_000,
  start: isDouble ? doubleStarted : agentStarted,
};

export const connect = (endpoint: string) => consulRegistry({ endpoint });

async function doubleStarted() {
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
}

/** It does not tell how many watches it holds. */
async function agentStarted() {
  const agent = await ConsulAgent.start(program);
  const endpoint = `127.0.0.1:${agent.port}`;
  return {
    where: endpoint,
    server: {
      address: endpoint,
      behind: (address: string) => address,
      kill: () => agent.kill(),
      start: () => agent.restart(),
      clear: () => agent.wipe(),
      pause: () => agent.pause(),
      resume: () => agent.resume(),
    },
    [Symbol.asyncDispose]: () => agent.dispose(),
  };
}
