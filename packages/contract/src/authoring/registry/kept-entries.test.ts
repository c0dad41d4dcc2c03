import { expect, test } from 'vitest';
import { ServiceError } from '../../service-error.js';
import { silentLogger } from '../silent-logger.js';
import { systemClock } from '../system-clock.js';
import { KeptEntries } from './kept-entries.js';
import type { EntryHome } from './kept-entry.js';

const settled = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

/** The entries of a registry, and homes that write down what they are asked. */
function stage() {
  const asked: string[] = [];
  const released: string[] = [];
  const entries = new KeptEntries({
    registry: 'the test registry',
    backoff: { baseMs: 100, factor: 2, maxMs: 400, jitter: 0 },
    releaseTimeoutMs: 500,
    clock: systemClock(),
    logger: silentLogger(),
  });
  const homeOf = (name: string, more: Partial<EntryHome> = {}): EntryHome => ({
    put: async () => void asked.push(`put ${name}`),
    renew: async () => asked.push(`renew ${name}`) > 0,
    remove: async () => void asked.push(`remove ${name}`),
    replaced: () => void asked.push(`replaced ${name}`),
    ...more,
  });
  const register = (name: string, { key = 'n1', home = homeOf(name), signal }: Given = {}) => {
    const entry = { key, home, name, ttlMs: 60_000, onReleased: () => void released.push(name) };
    return entries.register(entry, signal);
  };
  return { entries, asked, released, homeOf, register };
}

interface Given {
  readonly key?: string;
  readonly home?: EntryHome;
  readonly signal?: AbortSignal;
}

test('the newer entry of a key ends the older one without taking it out, and is renewed at once', async () => {
  const { entries, asked, released, register } = stage();
  const older = await register('older');
  const other = await register('other', { key: 'n2' });
  const newer = await register('newer');
  await settled();
  expect([older.state, other.state, newer.state]).toEqual(['released', 'held', 'held']);
  expect(asked).toEqual(['put older', 'put other', 'put newer', 'replaced older', 'renew newer']);
  expect(released).toEqual(['older']);
  await older.release();
  expect(asked).toHaveLength(5);
  await entries.close();
});

test('a home whose renewals do not look at the whole entry restores it instead', async () => {
  const { entries, asked, homeOf, register } = stage();
  await register('older');
  await register('newer', { home: homeOf('newer', { restore: async () => void asked.push('restore newer') }) });
  await settled();
  expect(asked).toEqual(['put older', 'put newer', 'replaced older', 'restore newer']);
  await entries.close();
});

test('an entry that could not be restored is taken out again', async () => {
  const { asked, homeOf, register } = stage();
  const restore = (): Promise<void> => Promise.reject(new ServiceError('Unavailable', 'away'));
  await register('older');
  await expect(register('newer', { home: homeOf('newer', { restore }) })).rejects.toThrow('away');
  await settled();
  expect(asked.at(-1)).toBe('remove newer');
});

test('what is aborted while it is put is taken out, and was never counted', async () => {
  const { entries, asked, released, homeOf, register } = stage();
  const abort = new AbortController();
  let finish = (): void => {};
  const put = (): Promise<void> => new Promise((resolve) => (finish = resolve));
  const older = await register('older');
  const registering = register('newer', { home: homeOf('newer', { put }), signal: abort.signal });
  await settled();
  abort.abort();
  await expect(registering).rejects.toMatchObject({ code: 'Canceled' });
  finish();
  await settled();
  expect(asked).toEqual(['put older', 'remove newer']);
  expect([older.state, released]).toEqual(['held', ['newer']]);
  await entries.close();
});

test('hurrying renews all, or the one of a home', async () => {
  const { entries, asked, homeOf, register } = stage();
  const home = homeOf('first');
  await register('first', { home });
  await register('second', { key: 'n2' });
  entries.hurry(home);
  await settled();
  expect(asked.slice(2)).toEqual(['renew first']);
  entries.hurry();
  await settled();
  expect(asked.slice(2)).toEqual(['renew first', 'renew first', 'renew second']);
  await entries.close();
});

test('closing releases all, also what is being put, and later ones are refused', async () => {
  const { entries, asked, homeOf, register } = stage();
  let finish = (): void => {};
  const put = (): Promise<void> => new Promise((resolve) => (finish = resolve));
  const lease = await register('first');
  const registering = register('second', { key: 'n2', home: homeOf('second', { put }) });
  await settled();
  const closing = entries.close();
  finish();
  await expect(registering).rejects.toMatchObject({ code: 'FailedPrecondition' });
  await closing;
  expect(lease.state).toBe('released');
  expect(asked).toEqual(['put first', 'remove first', 'remove second']);
  await expect(register('third')).rejects.toThrow('the test registry was closed');
  expect(asked).toHaveLength(3);
});
