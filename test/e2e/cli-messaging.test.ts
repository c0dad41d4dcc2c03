import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tenon/conformance';
import { IsString } from 'class-validator';
import { type App, createApp, Event, memoryRegistry, natsBroker, Service, Subscribe, Unprocessable } from 'tenon';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { built } from '../built.js';
import { BackEnd } from './back-end.js';

// The command as it ships, against a real NATS with JetStream and a service that gives up what it does not like.

const bin = fileURLToPath(new URL('../../packages/cli/bin/tenon.js', import.meta.url));

@Event('mail.wanted', { delivery: 'atLeastOnce' })
class MailWanted {
  @IsString() to!: string;
}

const sent: string[] = [];
let isMended = false;

@Service('mails')
class Mails {
  @Subscribe(MailWanted, { queue: 'mails' })
  async send({ to }: MailWanted): Promise<void> {
    if (to === 'nobody' && !isMended) throw new Unprocessable('nobody lives there');
    sent.push(to);
  }
}

let nats: BackEnd;
let app: App;

beforeAll(async () => {
  await built();
  nats = await BackEnd.started('nats-server');
  app = await createApp({
    services: [Mails],
    profile: 'test',
    modules: [memoryRegistry(), natsBroker({ servers: [nats.address] })],
  });
  await app.start();
});

afterAll(async () => {
  await app?.close();
  await nats?.dispose();
});

/** Runs the command to its end, or until its output matches and Ctrl-C is said. */
function tenon(
  args: readonly string[],
  until?: RegExp,
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, [bin, ...args], {
    env: { PATH: process.env['PATH'], TENON_NATS: nats.address },
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (until?.test(output) === true) child.kill('SIGINT');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, errors })));
}

test('an event is published, heard by whom it is for, and told by subscribe', async () => {
  const published = await tenon(['publish', 'mail.wanted', '{"to":"ada"}', '--delivery', 'atLeastOnce']);
  expect(published).toMatchObject({ code: 0, errors: '' });
  await eventually(() => expect(sent).toContain('ada'), { withinMs: 10_000 });
  const heard = await tenon(['subscribe', 'mail.>', '--delivery', 'atLeastOnce', '--from-start'], /\n/);
  expect(heard).toMatchObject({ code: 0, errors: '' });
  expect(JSON.parse(heard.output)).toMatchObject({
    topic: 'mail.wanted',
    id: published.output.trim(),
    attempt: 1,
    event: { to: 'ada' },
  });
}, 60_000);

test('a dead letter is listed, shown and requeued', async () => {
  await tenon(['publish', 'mail.wanted', '{"to":"nobody"}', '--delivery', 'atLeastOnce', '--metadata', 'x-from=ada']);
  let id = '';
  await eventually(
    async () => {
      const { output } = await tenon(['dead-letters', '--json']);
      const [letter] = JSON.parse(output) as { id: string; topic: string; queue: string; reason: string }[];
      expect(letter).toMatchObject({ topic: 'mail.wanted', queue: 'mails', reason: 'nobody lives there', attempts: 1 });
      id = letter?.id ?? '';
    },
    { withinMs: 20_000 },
  );
  const table = await tenon(['dead-letters']);
  expect(table.output).toMatch(/^ID +TOPIC +QUEUE +ATTEMPTS/);
  const shown = await tenon(['dead-letters', 'show', id]);
  expect(JSON.parse(shown.output)).toMatchObject({ id, event: { to: 'nobody' }, metadata: { 'x-from': 'ada' } });
  isMended = true;
  expect(await tenon(['dead-letters', 'requeue', id])).toMatchObject({
    code: 0,
    output: `${id} was published again\n`,
  });
  await eventually(() => expect(sent).toContain('nobody'), { withinMs: 10_000 });
  expect((await tenon(['dead-letters', '--json'])).output).toBe('[]\n');
}, 90_000);

test('what is wrong is said, and told apart by the exit code', async () => {
  expect(await tenon(['publish', 'mail.*', '{}'])).toMatchObject({ code: 2, output: '' });
  expect(await tenon(['publish', 'mail.wanted', 'to ada'])).toMatchObject({ code: 2 });
  expect(await tenon(['publish', 'mail.wanted', '{}', '--delivery', 'always'])).toMatchObject({ code: 2 });
  expect(await tenon(['dead-letters', 'requeue', 'TENON_dead-letters:999'])).toMatchObject({ code: 4 });
  const away = await tenon(['publish', 'mail.wanted', '{}', '--broker-address', '127.0.0.1:9']);
  expect([away.code, away.errors]).toEqual([3, expect.stringContaining('the broker nats')]);
  const missing = await tenon(['publish', 'mail.wanted', '{}', '--broker', 'kafka']);
  expect([missing.code, missing.errors]).toEqual([2, expect.stringContaining('npm install @tenon/broker-kafka')]);
}, 60_000);
