import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fleet } from './fleet.js';
import { until } from './until.js';

/** Starts etcd on free loopback ports with a data directory of its own. Resolves with its address when it answers. */
export async function startEtcd(fleet: Fleet): Promise<string> {
  const directory = temporaryDirectory(fleet);
  const [client, peer] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  fleet.start(
    command('etcd'),
    [
      ['--name', 'shop', '--data-dir', directory, '--initial-cluster', `shop=${peerUrl}`],
      ['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ].flat(),
    {},
    true,
  );
  await until('etcd answers', () => answers(client));
  return `127.0.0.1:${client}`;
}

/** Starts nats-server with JetStream on a free loopback port, its files in a directory of its own. Resolves with its address when it answers. */
export async function startNats(fleet: Fleet): Promise<string> {
  const port = await freePort();
  const parameters = ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', temporaryDirectory(fleet)];
  fleet.start(command('nats-server'), parameters, {}, true);
  await until('nats-server answers', () => answers(port));
  return `127.0.0.1:${port}`;
}

/** Debian puts servers where a user's PATH may not lead. */
function command(name: string): string {
  return [`/usr/sbin/${name}`, `/usr/bin/${name}`, `/usr/local/bin/${name}`].find((path) => existsSync(path)) ?? name;
}

function temporaryDirectory(fleet: Fleet): string {
  const directory = mkdtempSync(join(tmpdir(), 'tenon-shop-'));
  fleet.afterwards(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
