import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Lifecycle, Tls, TlsMaterial } from '@tenon/contract';
import { FakeClock } from '@tenon/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pem, pemFile } from '../../../../test/tls/test-tls.js';
import { keyPair, until } from '../../test/port/port-under-test.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { type TlsOptions, tls } from './index.js';

let clock: FakeClock;
let logger: RecordingLogger;
let folder: string;

beforeEach(() => {
  clock = new FakeClock();
  logger = new RecordingLogger();
  folder = mkdtempSync(join(tmpdir(), 'tenon-tls-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

test('material may be text, bytes or files, and is there after the start', async () => {
  const { cert, key } = keyPair('server');
  const made = newTls({ ca: Buffer.from(pem('ca')), cert, key: file('key.pem', 'server-key') });
  expect(() => made.material).toThrow('is read at start');
  await made.start();
  const { material } = made;
  expect([material.ca, material.cert, material.key]).toEqual([pem('ca'), cert, key]);
  expect([made.mutual, made.minVersion, made.serverName]).toEqual([false, 'TLSv1.3', undefined]);
  await made.close();
  expect(clock.pending).toBe(0);
});

test.each<readonly [what: string, options: () => TlsOptions, says: string]>([
  ['a file that is not there', () => ({ ca: '/nowhere/ca.pem' }), 'tls.ca: the file /nowhere/ca.pem does not exist'],
  ['a folder', () => ({ ca: '/' }), 'tls.ca: the file / is a folder'],
  [
    'a key of another certificate',
    () => ({ cert: file('c.pem', 'server'), key: file('k.pem', 'renewed-key') }),
    'k.pem) is not the key of tls.cert',
  ],
  [
    'a certificate that has expired',
    () => keyPairFiles('expired'),
    'c.pem) expired at Jan  2 00:00:00 2020 GMT; renew it',
  ],
  ['a certificate that is none', () => ({ ca: written('ca.pem', 'nothing') }), 'ca.pem) is no certificate in PEM form'],
  ['a key that is none', () => ({ ...keyPair('server'), key: written('k.pem', 'x') }), 'k.pem) is no private key'],
  [
    'a locked key',
    () => ({ ...keyPair('server'), key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nx' }),
    'tls.key is locked by a passphrase',
  ],
  ['a load that throws', () => ({ load: () => Promise.reject(new Error('secret=1')) }), 'tls.load threw'],
  ['a load without a key', () => ({ load: () => ({ cert: pem('server') }) }), 'tls.load().cert has no key'],
  ['a load without an authority', () => ({ load: () => ({}), mutual: true }), 'tls.mutual wants tls.ca'],
])('%s fails the start, by name and with the mend', async (_what, options, says) => {
  const made = newTls(options());
  const error = await made.start().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
  expect(String(error)).toContain(says);
  expect(inspect(error)).not.toMatch(/PRIVATE KEY-----\n\w/);
  expect(JSON.stringify(error)).not.toContain('secret');
  await made.close();
  expect(clock.pending).toBe(0);
});

test('a certificate is not valid before its time', async () => {
  clock = new FakeClock(Date.UTC(2019, 0, 1));
  await expect(newTls(keyPair('server')).start()).rejects.toThrow('is valid from Jan  1 00:00:00 2020 GMT only');
});

test.each<readonly [options: TlsOptions, says: string]>([
  [{ cert: 'a' }, 'tls.cert and tls.key go together'],
  [{ key: 'a' }, 'tls.cert and tls.key go together'],
  [{ load: () => ({}), ca: 'a' }, 'tls.load stands instead of'],
  [{ mutual: true }, 'tls.mutual wants tls.ca'],
  [{ minVersion: 'TLSv1.1' as 'TLSv1.2' }, 'tls.minVersion is TLSv1.1'],
  [{ serverName: '' }, 'tls.serverName is empty'],
  [{ reloadMs: 99 }, 'tls.reloadMs is 99'],
])('options that cannot be are refused when they are given: %j', (options, says) => {
  expect(() => tls(options)).toThrow(says);
});

test('files that change hold from the next look on, and listeners hear of it once', async () => {
  const made = newTls(keyPairFiles('server'));
  await made.start();
  const heard: unknown[] = [];
  const stop = made.onChange(() => heard.push(made.material.cert));
  await look();
  expect(heard).toEqual([]);
  keyPairFiles('renewed');
  await look(() => heard.length > 0);
  await look();
  expect(heard).toEqual([pem('renewed')]);
  stop();
  keyPairFiles('server');
  await look(() => made.material.cert === pem('server'));
  expect(heard).toHaveLength(1);
  await made.close();
});

test('a bad change keeps the old material, is logged once with the file, and a good one heals it', async () => {
  const made = newTls(keyPairFiles('server'));
  await made.start();
  file('k.pem', 'renewed-key');
  await look(() => logger.complaints.length > 0);
  await look();
  expect(made.material.key).toBe(pem('server-key'));
  expect(logger.complaints).toHaveLength(1);
  expect(String(logger.complaints[0]?.fields['error'])).toContain(join(folder, 'k.pem'));
  rmSync(join(folder, 'k.pem'));
  await look(() => logger.complaints.length > 1);
  expect(String(logger.complaints[1]?.fields['error'])).toContain('does not exist');
  keyPairFiles('renewed');
  await look(() => made.material.cert === pem('renewed'));
  expect(logger.complaints).toHaveLength(2);
  expect(inspect(logger.lines, { depth: 10 })).not.toMatch(/BEGIN/);
  await made.close();
});

test('a load is called again, and may fail without harm', async () => {
  let next: () => Promise<TlsMaterial> = async () => keyPair('server');
  const made = newTls({ load: () => next(), reloadMs: 1_000 });
  await made.start();
  next = () => Promise.reject(new Error('the store is away'));
  await look(() => logger.complaints.length > 0, 1_000);
  next = async () => ({ ...keyPair('renewed'), ca: pem('ca') });
  await look(() => made.material.cert === pem('renewed'), 1_000);
  expect(made.material.ca).toBe(pem('ca'));
  await made.close();
});

test('a listener that throws does not keep the news from the others', async () => {
  const made = newTls(keyPairFiles('server'));
  await made.start();
  let heard = 0;
  made.onChange(() => {
    throw new Error('from a listener');
  });
  made.onChange(() => {
    heard += 1;
  });
  keyPairFiles('renewed');
  await look(() => heard === 1);
  expect(logger.complaints.map(({ message }) => message)).toEqual(['new TLS material could not be taken over']);
  await made.close();
});

test('a look that ends after close changes nothing and sets no timer', async () => {
  let release: (material: TlsMaterial) => void = () => {};
  let calls = 0;
  const load = (): TlsMaterial | Promise<TlsMaterial> => {
    calls += 1;
    return calls === 1
      ? keyPair('server')
      : new Promise((resolve) => {
          release = resolve;
        });
  };
  const made = newTls({ load });
  await made.start();
  await clock.advance(10_000);
  expect(calls).toBe(2);
  await made.close();
  release(keyPair('renewed'));
  await clock.advance(100_000);
  expect([made.material.cert, clock.pending, calls]).toEqual([pem('server'), 0, 2]);
});

test('neither the options nor the instance nor its material show the key', async () => {
  const provider = tls(keyPair('server'));
  const made = newTls(keyPair('server'));
  await made.start();
  for (const value of [provider, made, made.material, { all: [made.material] }]) {
    expect(inspect(value, { depth: 10 }) + JSON.stringify(value)).not.toContain('PRIVATE KEY');
  }
  expect(made.material.key).toContain('PRIVATE KEY');
  await made.close();
});

function newTls(options: TlsOptions): Tls & Required<Pick<Lifecycle, 'close'>> & { start(): Promise<void> } {
  const create = tls(options).create as (...dependencies: unknown[]) => ReturnType<typeof newTls>;
  return create(logger, clock);
}

/** Lets the next look happen; reading files takes real time. */
async function look(condition: () => boolean = () => true, everyMs = 10_000): Promise<void> {
  await until(() => clock.pending > 0, 'the last look ended');
  await clock.advance(everyMs);
  await until(() => clock.pending > 0, 'the look ended');
  expect(condition()).toBe(true);
}

function file(name: string, source: string): string {
  copyFileSync(pemFile(source), join(folder, name));
  return join(folder, name);
}

function written(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

function keyPairFiles(source: string): { readonly cert: string; readonly key: string } {
  return { cert: file('c.pem', source), key: file('k.pem', `${source}-key`) };
}
