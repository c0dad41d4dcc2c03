import type { ServerAddress } from 'tenon';
import type { Row } from '../harness/row.js';
import { openSocketsOf } from '../lab/sockets.js';

export const exposure: Row = {
  id: 'S-07',
  fault: 'an app with no options at all, its sockets as the system lists them, and what answers there',
  bar: 'one port, on loopback alone; no reflection, REPL, debug or metrics; nothing over UDP; with profile test nothing listens',
  quiet: true,

  async run(lab) {
    const [etcd, nats] = [await lab.server('etcd'), await lab.server('nats-server')];
    const base = { PATH: process.env['PATH'] };
    const standard = { ...base, TENON_ETCD: etcd.address, TENON_NATS: nats.address };
    const bare = await lab.process('bare', {}, { environment: standard });
    const test = await lab.process('bare', {}, { environment: { ...base, TENON_PROFILE: 'test' } });
    const address = (bare.ready as ServerAddress).listen;
    const sockets = openSocketsOf(bare.process.pid ?? 0);
    const beyond = sockets.filter(({ isLoopback }) => !isLoopback);
    const silent = openSocketsOf(test.process.pid ?? 0);

    const served = await answer(address, 'POST', '/bare/Bare.Ping', '{}');
    const answered = [];
    for (const path of tools) {
      for (const method of ['GET', 'POST']) {
        const status = await answer(address, method, path);
        if (status < 400) answered.push(`${method} ${path}: ${status}`);
      }
    }
    return {
      n: tools.length * 2,
      figure: [
        `listens on ${sockets.map(({ protocol, local }) => `${protocol} ${local}`).join(', ')} (${address}); beyond loopback ${beyond.length}`,
        `its own endpoint answers ${served}, and ${answered.length} of ${tools.length * 2} tools: ${answered.join(', ') || 'none'}`,
        `profile test: ${silent.length} sockets`,
      ].join('; '),
      passed:
        served === 200 &&
        sockets.length === 1 &&
        sockets[0]?.protocol === 'tcp' &&
        `127.0.0.1:${sockets[0]?.port}` === address &&
        beyond.length === 0 &&
        answered.length === 0 &&
        silent.length === 0,
    };
  },
};

async function answer(address: string, method: string, path: string, body?: string): Promise<number> {
  const response = await fetch(`http://${address}${path}`, {
    method,
    redirect: 'manual',
    signal: AbortSignal.timeout(5_000),
    ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Where frameworks put what looks inside them. */
const tools: readonly string[] = [
  '/',
  '/metrics',
  '/stats',
  '/vars',
  '/debug',
  '/debug/pprof/',
  '/debug/vars',
  '/json',
  '/json/version',
  '/repl',
  '/console',
  '/admin',
  '/config',
  '/env',
  '/routes',
  '/services',
  '/openapi.json',
  '/swagger',
  '/graphql',
  '/Debug.Health',
  '/debug/Debug.Stats',
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
  '/grpc.channelz.v1.Channelz/GetServers',
];
