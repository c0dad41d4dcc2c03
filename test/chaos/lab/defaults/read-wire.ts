import { once } from 'node:events';
import { createServer } from 'node:net';
import type { ServerAddress } from 'tenon';
import type { EtcdKeys } from '../etcd-keys.js';
import type { Lab } from '../lab.js';
import type { LabProcess } from '../lab-process.js';
import { defaultsInDocstrings, defaultsInTable } from './documented.js';
import { headersPort, post, settingsOf } from './http-wire.js';
import type { ReadBack } from './read-back.js';
import { helloPort, welcomeOf } from './tenon-wire.js';

/** The processes that are looked at from outside: one in the clear, one under TLS. */
export interface Subjects {
  readonly clear: LabProcess;
  readonly secure: LabProcess;
  readonly keys: EtcdKeys;
}

/** What others see of the defaults: in etcd, in the greetings of tenon/1, in HTTP/1.1 and HTTP/2, and by going over a limit. */
export async function readWire(lab: Lab, { clear, secure, keys }: Subjects): Promise<readonly ReadBack[]> {
  const found: ReadBack[] = [];
  const compare = (option: string, where: string, seen: unknown, documented = documentedOf(option)): void => {
    found.push({ option: `${option} (${where})`, documented, found: seen, isSame: seen === documented });
  };
  const { listen, advertise } = clear.ready as ServerAddress;
  compare('createApp.profile', 'app.describe()', await clear.ask('profile'));
  compare('server.listen', 'address', listen.replace(/:\d+$/, ':0'));
  const entries = await keys.list(`${documentedOf('etcdRegistry.prefix')}defaults/`);
  const entry = entries.find(({ value }) => value.includes(`"address":"${listen}"`));
  compare('server.advertise', 'entry in etcd', entry === undefined ? advertise : listen, listen);
  compare('server.ttlMs', 'lease in etcd', 1_000 * (await keys.ttlSecondsOf(entry?.lease ?? '0')));

  const { limits } = await welcomeOf(listen, 'defaults');
  compare('server.maxMessageBytes', 'WELCOME', limits['messageBytes']);
  compare('tcpTransport.maxCalls', 'WELCOME', limits['calls']);
  compare('tcpTransport.maxStreams', 'WELCOME', limits['streams']);
  compare('tcpTransport.windowBytes', 'WELCOME', limits['window']);
  compare('tcpTransport.connectionWindowBytes', 'WELCOME', limits['connectionWindow']);
  const greeted = await helloPort(lab);
  await register(keys, 'raw-tenon', 'tenon/1', [greeted.port]);
  await clear.ask('call', 'raw-tenon');
  const hello = (await greeted.hello).limits;
  compare('tcpTransport.maxMessageBytes', 'HELLO', hello['messageBytes']);
  compare('tcpTransport.windowBytes', 'HELLO', hello['window']);

  const asked = await headersPort(lab);
  await register(keys, 'raw-http', 'http', [asked.port]);
  await clear.ask('call', 'raw-http');
  const sentMs = Number((await asked.headers)['tenon-timeout-ms']);
  const timeoutMs = Number(documentedOf('client.timeoutMs'));
  compare('client.timeoutMs', 'tenon-timeout-ms', sentMs > timeoutMs - 500 && sentMs <= timeoutMs ? timeoutMs : sentMs);
  const long = await post(listen, '/defaults/Defaults.Left', '{}', { 'tenon-timeout-ms': '3600000' });
  const { ms: leftMs } = JSON.parse(long.text) as { ms: number };
  const mostMs = Number(documentedOf('server.maxDeadlineMs'));
  compare('server.maxDeadlineMs', 'time left of an hour', leftMs > mostMs - 500 && leftMs <= mostMs ? mostMs : leftMs);
  compare(
    'SharedPort.keepAliveMs',
    'Keep-Alive',
    1_000 * Number(/timeout=(\d+)/.exec(`${long.headers['keep-alive']}`)?.[1]),
  );
  await readLimits(listen, compare);

  const settings = await settingsOf((secure.ready as ServerAddress).listen);
  compare('SharedPort.maxStreams', 'SETTINGS', settings.maxConcurrentStreams);
  compare('SharedPort.maxHeaderBytes', 'SETTINGS', settings.maxHeaderListSize);
  compare('client.retry.maxAttempts', 'dials to nodes that reset', await dialsOf(lab, clear, keys));
  return found;
}

/** What is at the limit is taken, what is one over it is not. */
async function readLimits(
  listen: string,
  compare: (option: string, where: string, seen: unknown, documented?: unknown) => void,
): Promise<void> {
  const take = (body: Buffer | string, headers: Readonly<Record<string, string>> = {}) =>
    post(listen, '/defaults/Defaults.Take', body, headers);
  const maxBytes = Number(documentedOf('server.maxMessageBytes'));
  const ofBytes = (bytes: number): Buffer => Buffer.from(`{"text":"${'x'.repeat(bytes - 11)}"}`);
  const [whole, over] = [await take(ofBytes(maxBytes)), await take(ofBytes(maxBytes + 1))];
  compare('server.maxMessageBytes', 'at the limit, and one over', `${whole.status}, ${over.status}`, '200, 413');

  const maxHeaders = Number(documentedOf('SharedPort.maxHeaders'));
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, 'y']));
  // Node.js adds Host, Connection and Content-Length to the Content-Type.
  const fits = await take('{}', many(10));
  const tooMany = await take('{}', many(maxHeaders - 3));
  compare('SharedPort.maxHeaders', 'with 14 lines, and one over', `${fits.status}, ${tooMany.status}`, '200, 431');
  const large = await take('{}', { 'x-large': 'y'.repeat(Number(documentedOf('SharedPort.maxHeaderBytes'))) });
  compare('SharedPort.maxHeaderBytes', 'one line of them', large.status, 431);

  const maxDepth = Number(documentedOf('jsonCodec.maxDepth'));
  const nested = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
  const [deep, tooDeep] = [await take(nested(maxDepth)), await take(nested(maxDepth + 1))];
  compare('jsonCodec.maxDepth', 'at the limit, and one over', `${deep.status}, ${tooDeep.status}`, '200, 400');
}

/** How many nodes of a service are tried whose every node resets who comes. */
async function dialsOf(lab: Lab, caller: LabProcess, keys: EtcdKeys): Promise<number> {
  let dials = 0;
  const ports: number[] = [];
  for (let node = 0; node < 6; node += 1) {
    const server = createServer((socket) => {
      dials += 1;
      socket.resetAndDestroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    lab.atEnd(() => server.close());
    ports.push((server.address() as { port: number }).port);
  }
  await register(keys, 'raw-broken', 'tenon/1', ports);
  await caller.ask('call', 'raw-broken');
  return dials;
}

async function register(keys: EtcdKeys, name: string, protocol: string, ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const node = { id: `${name}-${port}`, address: `127.0.0.1:${port}`, metadata: { 'tenon-protocols': protocol } };
    const record = { name, version: '1', metadata: null, endpoints: [], nodes: [node] };
    await keys.put(`/micro/registry/${name}/${node.id}`, JSON.stringify(record));
  }
}

/** What the documentation says of `server.ttlMs`. */
function documentedOf(name: string): unknown {
  const [, of = '', option = ''] = /^(.*)\.(\w+)$/.exec(name) ?? [];
  const pages: Readonly<Record<string, string>> = {
    etcdRegistry: 'packages/registry-etcd/README.md',
    tcpTransport: 'packages/transport-tcp/README.md',
  };
  const documented =
    of === 'SharedPort'
      ? defaultsInDocstrings('packages/core/src/port/shared-port-options.ts', 'SharedPortOptions')
      : of === 'jsonCodec'
        ? defaultsInTable('packages/codec-json/README.md', '@tenon/codec-json')
        : pages[of] === undefined
          ? defaultsInTable('docs/configuration.md', of)
          : defaultsInTable(pages[of], 'Options');
  return documented.find((one) => one.option === option)?.value;
}
