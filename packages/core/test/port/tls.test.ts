import { once } from 'node:events';
import type { Socket } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect as connectTls,
  createServer,
  type TLSSocket,
} from 'node:tls';
import type { ClaimedConnection, ServiceError, Tls } from '@tenon/contract';
import { clientTlsOptions, peerIdentity, tlsDialError } from '@tenon/contract/authoring';
import { expect, test } from 'vitest';
import { pem } from '../../../../test/tls/test-tls.js';
import {
  connectTo,
  echo,
  FixedTls,
  get,
  http,
  keyPair,
  listenTo,
  type OpenPort,
  openPort,
  serverTls,
  textOf,
  until,
} from './port-under-test.js';

const peer = { host: '127.0.0.1', service: 'greeter', alpn: 'mux' };

test('under mutual TLS a claimant is told who the peer has proved to be, by its URI and by nothing else', async () => {
  const taken: ClaimedConnection[] = [];
  const port = await openPort([echo('mux', 'mux!', taken)], {}, serverTls({ mutual: true }));
  for (const name of ['greeter', 'unnamed', 'two-names', 'server']) {
    const socket = await connectTo(port, 'mux', keyPair(name));
    socket.write('mux!');
    await once(socket, 'data');
    socket.destroy();
  }
  expect(taken.map(({ identity }) => identity)).toEqual(['spiffe://acme/greeter', undefined, undefined, undefined]);
});

test('a certificate that nobody asked for, or that was not verified, proves nothing', async () => {
  const taken: ClaimedConnection[] = [];
  const port = await openPort([echo('mux', 'mux!', taken)], {}, serverTls({ mutual: false }));
  const socket = await connectTo(port, 'mux', keyPair('greeter'));
  socket.write('mux!');
  await once(socket, 'data');
  expect(taken[0]?.identity).toBeUndefined();

  // A server that asks and lets everybody in: the certificate is there, and of an authority that nobody trusts.
  const identities: unknown[] = [];
  const server = createServer({ ...keyPair('server'), ca: pem('ca'), requestCert: true, rejectUnauthorized: false });
  server.on('secureConnection', (met: TLSSocket) => {
    identities.push([met.getPeerCertificate().subject.CN, met.authorized, peerIdentity(met)]);
    met.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: number } = server.address() as { port: number };
  const stranger = connectTls({ port: number, host: '127.0.0.1', ca: pem('ca'), ...keyPair('stranger') }).resume();
  await once(stranger, 'close');
  server.close();
  expect(identities).toEqual([['stranger', false, undefined]]);
});

test('under mutual TLS a peer with a certificate of another authority gets nothing, and the log says why', async () => {
  const taken: ClaimedConnection[] = [];
  const port = await openPort([echo('mux', 'mux!', taken), http()], {}, serverTls({ mutual: true }));
  for (const alpn of ['mux', 'http/1.1']) {
    const socket = await connectTo(port, alpn, keyPair('stranger'));
    socket.write(get('/'));
    expect(await textOf(socket)).toBe('');
  }
  expect(taken).toEqual([]);
  expect(port.logger.complaints).toMatchObject([{ fields: { cause: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' } }]);
});

test.each<readonly [what: string, server: () => Tls, client: () => Tls, code: string, says: string]>([
  ['an expired certificate', () => of('expired'), () => of(), 'Unavailable', 'its certificate has expired'],
  ['one for another host', () => of('elsewhere'), () => of(), 'Unavailable', 'for another host'],
  ['one of an unknown authority', () => of('stranger'), () => of(), 'Unavailable', 'not trusted here'],
  [
    'no certificate where one is wanted',
    () => serverTls({ mutual: true }),
    () => of(),
    'Unauthenticated',
    'give `cert`',
  ],
  [
    'a version that is too old',
    () => serverTls(),
    () => new FixedTls({ ca: pem('ca') }, { minVersion: 'TLSv1.2' }),
    'Unavailable',
    'no version of TLS in common',
  ],
])('%s is refused, and the caller is told', async (what, server, client, code, says) => {
  const port = await openPort([echo('mux')], {}, server());
  const old: ConnectionOptions = what.startsWith('a version') ? { maxVersion: 'TLSv1.2' } : {};
  const error = await dialled(port, client(), old);
  expect(error).toMatchObject({ code, executed: 'no', service: 'greeter' });
  expect(error.message).toContain(says);
  expect(error.message).toContain('127.0.0.1');
  expect(JSON.stringify(error) + String(error.stack)).not.toContain('PRIVATE KEY');
});

test('TLS 1.2 is spoken only where it is allowed, and a new handshake in it is refused', async () => {
  const old: ConnectionOptions = { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' };
  const port = await openPort([echo('mux')], {}, serverTls({ minVersion: 'TLSv1.2' }));
  const socket = (await connectTo(port, 'mux', old)) as TLSSocket;
  expect(socket.getProtocol()).toBe('TLSv1.2');
  const heard = listenTo(socket);
  socket.write('mux!');
  await until(() => heard.text === 'mux!', 'it was answered');
  socket.renegotiate({}, () => {});
  await until(() => heard.ended, 'it was closed');
});

test('a certificate that names the service as SPIFFE does is accepted for an address, one of another service is not', async () => {
  const port = await openPort([echo('mux')], {}, of('greeter'));
  expect(await greeted(port, of())).toBe('mux!');
  const error = await dialled(port, of(), {}, 'billing');
  expect(error.message).toContain('for another host');
  // A name that was asked for by hand is the only one that will do.
  const named = await dialled(port, new FixedTls({ ca: pem('ca') }, { serverName: 'localhost' }));
  expect(named.message).toContain('for another host');
});

test('the name that was asked for holds, whatever was dialled', async () => {
  const port = await openPort([echo('mux')], {}, of('elsewhere'));
  expect(await greeted(port, new FixedTls({ ca: pem('ca') }, { serverName: 'elsewhere.example' }))).toBe('mux!');
});

test('what answers in the clear is refused by the dialler: nothing is sent to it', async () => {
  const port = await openPort([echo('mux')]);
  const error = await dialled({ ...port, encrypted: true }, of());
  expect(error).toMatchObject({ code: 'Unavailable', executed: 'no' });
  expect(error.message).toContain('may not speak TLS');
});

test('new material holds for new connections, and those that are open stay', async () => {
  const tls = serverTls();
  const port = await openPort([echo('mux')], {}, tls);
  const before = (await connectTo(port, 'mux')) as TLSSocket;
  const heard = listenTo(before);
  before.write('mux!');
  await until(() => heard.text === 'mux!', 'it was answered');
  expect(before.getPeerCertificate().subject.CN).toBe('server');

  tls.change({ ca: pem('ca'), ...keyPair('renewed') });
  const after = (await connectTo(port, 'mux')) as TLSSocket;
  expect(after.getPeerCertificate().subject.CN).toBe('renewed');
  before.write(' still');
  await until(() => heard.text === 'mux! still', 'the open connection goes on');

  tls.change({ ca: pem('ca'), cert: pem('server'), key: pem('renewed-key') });
  expect(port.logger.complaints.map(({ message }) => message)).toEqual([
    'the new TLS material cannot be used; the port keeps the old one',
  ]);
  expect(((await connectTo(port, 'mux')) as TLSSocket).getPeerCertificate().subject.CN).toBe('renewed');
});

test('an authority that is taken away shuts its peers out, resumed sessions included', async () => {
  const tls = serverTls({ mutual: true });
  const taken: ClaimedConnection[] = [];
  const port = await openPort([echo('mux', 'mux!', taken)], {}, tls);
  const first = (await connectTo(port, 'mux', keyPair('greeter'))) as TLSSocket;
  const session = once(first, 'session');
  first.write('mux!');
  await once(first, 'data');
  const [ticket] = (await session) as [Buffer];
  tls.change({ ca: pem('other-ca'), ...keyPair('server') });
  const again = await connectTo(port, 'mux', { ...keyPair('greeter'), session: ticket });
  again.write('mux!');
  expect(await textOf(again)).toBe('');
  expect(taken).toHaveLength(1);
});

test('a port whose material is no good, or has no certificate, does not open', async () => {
  const mixed = new FixedTls({ cert: pem('server'), key: pem('renewed-key') });
  await expect(openPort([http()], {}, mixed)).rejects.toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
  const trusting = new FixedTls({ ca: pem('ca') });
  await expect(openPort([http()], {}, trusting)).rejects.toThrow('tls.cert and tls.key');
});

test('certificates are changed ten times under load, and nobody fails', async () => {
  const tls = serverTls();
  const port = await openPort([http()], {}, tls);
  let replies = 0;
  let stop = false;
  const caller = async (): Promise<void> => {
    while (!stop) {
      const socket = await connectTo(port, 'http/1.1');
      const reply = textOf(socket);
      socket.write(get('/'));
      expect(await reply).toMatch(/\r\n\r\nhttp$/);
      replies += 1;
    }
  };
  const callers = Array.from({ length: 4 }, caller);
  for (let change = 0; change < 10; change += 1) {
    const sofar = replies;
    tls.change({ ca: pem('ca'), ...keyPair(change % 2 === 0 ? 'renewed' : 'server') });
    await until(() => replies >= sofar + 8, 'calls went on');
  }
  stop = true;
  await Promise.all(callers);
});

function of(name?: string): Tls {
  return new FixedTls({ ca: pem('ca'), ...(name === undefined ? {} : keyPair(name)) });
}

function dial(port: OpenPort, tls: Tls, options: ConnectionOptions, service = 'greeter'): TLSSocket {
  const ours = clientTlsOptions(tls, { ...peer, service }, checkServerIdentity);
  return connectTls({ port: port.number, host: '127.0.0.1', ...ours, ...options });
}

/** What a dial fails with, in the handshake or as the first thing that is read. */
async function dialled(
  port: OpenPort,
  tls: Tls,
  options: ConnectionOptions = {},
  service?: string,
): Promise<ServiceError> {
  const socket = dial(port, tls, options, service);
  socket.resume();
  const [thrown] = (await once(socket, 'error')) as [Error];
  const error = tlsDialError(thrown, { ...peer, service: service ?? 'greeter' });
  if (error === undefined) throw thrown;
  return error;
}

async function greeted(port: OpenPort, tls: Tls): Promise<string> {
  const socket: Socket = dial(port, tls, {});
  socket.write('mux!');
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return bytes.toString();
}
