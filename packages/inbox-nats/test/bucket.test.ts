import { Kvm } from '@nats-io/kv';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { eventually, LeakCheck, rejectsWith } from '@tenon/conformance';
import type { InboxMark, LogFields } from '@tenon/contract';
import { afterEach, describe, expect, it } from 'vitest';
import { NatsServer, type NatsServerOptions, natsAuthority } from '../../../test/nats-server/nats-server.js';
import type { NatsInbox } from '../src/nats-inbox.js';
import type { NatsInboxOptions } from '../src/nats-inbox-options.js';
import { natsInboxOf } from './fixture.js';
import { warningsInto } from './recording-logger.js';

const held: InboxMark = { state: 'held', holder: 'a' };
const handled: InboxMark = { state: 'handled', holder: 'a' };
const never = new AbortController().signal;
const endings: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function started(options: NatsServerOptions = { jetStream: true }): Promise<NatsServer> {
  const server = await NatsServer.start(options);
  endings.push(() => server.stop());
  return server;
}

function inboxOf(server: NatsServer, options: NatsInboxOptions = {}, warnings: [string, LogFields][] = []): NatsInbox {
  const inbox = natsInboxOf(server, options, warningsInto(warnings));
  endings.push(() => inbox.close());
  return inbox;
}

async function stranger(server: NatsServer): Promise<NatsConnection> {
  const connection = await connect({ servers: [server.address] });
  endings.push(() => connection.close());
  return connection;
}

describe('the bucket', () => {
  it('is made by whoever comes first, also where ten come at once, and keeps for keepMs', async () => {
    const server = await started();
    const inboxes = Array.from({ length: 10 }, () => inboxOf(server, { bucket: 'mails', keepMs: 120_000 }));
    await Promise.all(inboxes.map((inbox) => inbox.start(never)));
    const bucket = await new Kvm(await stranger(server)).open('mails');
    expect(await bucket.status()).toMatchObject({ ttl: 120_000, history: 1, replicas: 1, values: 0 });
  });

  it('that is there already is used as it is, and said to be another one', async () => {
    const server = await started();
    const warnings: [string, LogFields][] = [];
    const inboxes = Array.from({ length: 10 }, (_, index) => inboxOf(server, { keepMs: 60_000 + index }, warnings));
    await Promise.all(inboxes.map((inbox) => inbox.start(never)));
    const revision = await inboxes[0]?.write('key', held, undefined);
    expect(await inboxes[9]?.read('key')).toEqual({ ...held, revision });
    const warning = 'the bucket of the inbox is another one than this app would make; it is used as it is';
    expect(warnings.map(([sentence]) => sentence)).toEqual(Array.from({ length: 9 }, () => warning));
    expect(warnings[0]?.[1]).toMatchObject({ bucket: 'tenon-inbox', history: 1 });
  });

  it('has a text for each event, below the hash of its key', async () => {
    const server = await started();
    const inbox = inboxOf(server);
    const revision = await inbox.write('queue mails\norder.placed\no-1', held, undefined);
    await inbox.write('queue mails\norder.placed\no-1', handled, revision);
    const bucket = await new Kvm(await stranger(server)).open('tenon-inbox');
    // node -p "crypto.createHash('sha256').update('queue mails\norder.placed\no-1').digest('base64url')"
    const entry = await bucket.get('TscmIW_WuwtjFirk_AbBy0fodiTK8CVFJJnPSS8OAww');
    expect([entry?.string(), entry?.revision]).toEqual(['handled a', 2]);
  });

  it('that is deleted is made again by the next question', async () => {
    const server = await started();
    const inbox = inboxOf(server);
    await inbox.write('key', handled, undefined);
    const connection = await stranger(server);
    await connection.request('$JS.API.STREAM.DELETE.KV_tenon-inbox');
    await eventually(async () => expect(await inbox.write('key', held, undefined)).toBeDefined(), { withinMs: 10_000 });
  });

  it('with something else in it is refused, and not written over', async () => {
    const server = await started();
    const inbox = inboxOf(server);
    await inbox.start(never);
    const bucket = await new Kvm(await stranger(server)).open('tenon-inbox');
    await inbox.write('queue mails\norder.placed\no-1', held, undefined);
    await bucket.put('TscmIW_WuwtjFirk_AbBy0fodiTK8CVFJJnPSS8OAww', 'a picture');
    expect(
      (await rejectsWith(() => inbox.read('queue mails\norder.placed\no-1'), 'FailedPrecondition')).message,
    ).toContain("the bucket tenon-inbox is not an inbox's");
  });
});

describe('starting', () => {
  it('without a server rejects with Unavailable, leaves nothing open, and works once there is one', async () => {
    const server = await started();
    await server.kill();
    const check = new LeakCheck();
    const inbox = natsInboxOf(server, { connectTimeoutMs: 200 });
    await check.run(() => rejectsWith(() => inbox.start(never), 'Unavailable'));
    expect(await check.leaks(5_000)).toEqual([]);
    await server.restart();
    await check.run(() => inbox.start(never));
    await check.run(() => inbox.close());
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
  });

  it('on a server without JetStream says how to turn it on', async () => {
    const inbox = inboxOf(await started({}));
    const refusal = await rejectsWith(() => inbox.start(never), 'FailedPrecondition');
    expect(refusal.message).toContain('the server has no JetStream: start nats-server with -js');
  });

  it('as somebody whom the server does not know is Unauthenticated', async () => {
    const server = await started({ args: ['--user', 'ada', '--pass', 'x'], jetStream: true });
    await rejectsWith(() => inboxOf(server, { username: 'ada', password: 'y' }).start(never), 'Unauthenticated');
    await inboxOf(server, { username: 'ada', password: 'x' }).start(never);
  });

  it('goes over TLS, and trusts nobody else than whom it is told to', async () => {
    const server = await started({ tls: true, jetStream: true });
    const servers = [`tls://${server.address}`];
    await rejectsWith(() => inboxOf(server, { servers }).start(never), 'Unavailable');
    const trusting = inboxOf(server, { servers, tls: { ca: await natsAuthority() } });
    await trusting.start(never);
    expect(await trusting.write('key', held, undefined)).toBe(1);
  });

  it('works without the right to write, which is refused when something is written', async () => {
    const config = `
      jetstream: {}
      authorization { users: [{ user: ada, password: x, permissions: { publish: { deny: "$KV.>" } } }] }`;
    const server = await started({ config, jetStream: true });
    const inbox = inboxOf(server, { username: 'ada', password: 'x' });
    await inbox.start(never);
    await rejectsWith(() => inbox.write('key', held, undefined), 'PermissionDenied');
    expect(await inbox.read('key')).toBeUndefined();
  });

  it('ends when its signal aborts, and leaves nothing open once it was closed', async () => {
    const server = await started();
    server.pause();
    const check = new LeakCheck();
    const controller = new AbortController();
    const inbox = inboxOf(server);
    const starting = check.run(() => rejectsWith(() => inbox.start(controller.signal), 'Canceled'));
    controller.abort();
    await starting;
    await check.run(() => inbox.close());
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
    server.resume();
  });
});

describe('a server that does not answer', () => {
  it('is Unavailable after answerTimeoutMs, and asked again over a new connection', async () => {
    const server = await started();
    const inbox = inboxOf(server, { answerTimeoutMs: 200, connectTimeoutMs: 500 });
    const revision = await inbox.write('key', held, undefined);
    server.pause();
    await rejectsWith(() => inbox.write('key', handled, revision), 'Unavailable');
    await rejectsWith(() => inbox.read('key'), 'Unavailable');
    server.resume();
    // The write may have arrived, as one that was not answered may.
    await eventually(async () => expect(await inbox.read('key')).toMatchObject({ holder: 'a' }), { withinMs: 10_000 });
  });

  it('does not hold up closing', async () => {
    const server = await started();
    const check = new LeakCheck();
    const inbox = natsInboxOf(server);
    await check.run(() => inbox.start(never));
    server.pause();
    const underWay = check.run(() => rejectsWith(() => inbox.read('key'), 'FailedPrecondition'));
    await new Promise((resolve) => setImmediate(resolve));
    const begun = check.run(() => rejectsWith(() => inbox.read('key'), 'FailedPrecondition'));
    await check.run(() => inbox.close());
    await Promise.all([underWay, begun]);
    expect(await check.leaks(5_000)).toEqual([]);
    check.stop();
    server.resume();
  });
});
