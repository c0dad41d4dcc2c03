import { ServiceError, type ServiceRecord } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { expect, test } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { Journal, JournalledRegistry } from '../../test/journalled-parts.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { Presence } from './presence.js';
import { Registration } from './registration.js';

const record: ServiceRecord = {
  name: 'a',
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id: 'a-1', address: 'h:1', metadata: {} }],
};
const { signal } = new AbortController();

async function entered() {
  const journal = new Journal();
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const registration = new Registration(new JournalledRegistry(journal), logger);
  const presence = new Presence({ registration, clock, logger, ttlMs: 5_000 });
  await presence.enter([record], signal);
  return { journal, clock, logger, presence };
}

test('follows what is wanted, one change at a time, the newest wish last', async () => {
  const { journal, clock, presence } = await entered();
  const gate = deferred();
  journal.before.set('release a', () => gate.promise);
  for (const wanted of [false, true, false, true]) presence.want(wanted);
  await clock.advance(0);
  expect(journal.steps).toEqual(['register a', 'release a']);
  gate.resolve();
  await clock.advance(0);
  expect(journal.steps).toEqual(['register a', 'release a', 'register a']);
  presence.want(true);
  await clock.advance(0);
  expect(journal.steps).toHaveLength(3);
});

test('returns as soon as the registry takes it, and says once that it has to wait', async () => {
  const { journal, clock, logger, presence } = await entered();
  const error = new ServiceError('Unavailable', 'away');
  presence.want(false);
  await clock.advance(0);
  journal.before.set('register a', () => Promise.reject(error));
  presence.want(true);
  await clock.advance(60_000);
  expect(journal.steps.filter((step) => step === 'register a').length).toBeGreaterThan(4);
  expect(logger.lines).toEqual([
    { level: 'warn', message: 'the node cannot return to the registry yet', fields: { error } },
  ]);
  journal.before.clear();
  await clock.advance(20_000);
  expect(clock.pending).toBe(0);
  await presence.leave();
  expect(journal.steps.at(-1)).toBe('release a');
});

test('leaving ends a return that is under way', async () => {
  const { journal, clock, presence } = await entered();
  presence.want(false);
  await clock.advance(0);
  journal.before.set('register a', () => Promise.reject(new ServiceError('Unavailable', 'away')));
  presence.want(true);
  await clock.advance(10_000);
  expect(await presence.leave()).toBe(true);
  const steps = journal.steps.length;
  await clock.advance(60_000);
  expect([journal.steps.length, clock.pending]).toEqual([steps, 0]);
});

test('leaving does not wait for a registry that is away', async () => {
  const { journal, clock, logger, presence } = await entered();
  journal.before.set('release a', () => new Promise(() => {}));
  let told: boolean | undefined;
  const left = presence.leave().then((is) => {
    told = is;
  });
  await clock.advance(1_999);
  expect(told).toBeUndefined();
  await clock.advance(1);
  await left;
  expect(told).toBe(false);
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'the registry did not answer in time; our entries end with their time to live',
      fields: {},
    },
  ]);
});

test('leaving while it registers for the first time leaves nothing behind', async () => {
  const journal = new Journal();
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const registration = new Registration(new JournalledRegistry(journal), logger);
  const presence = new Presence({ registration, clock, logger, ttlMs: 5_000 });
  const gate = deferred();
  journal.before.set('register a', () => gate.promise);
  const entering = presence.enter([record], signal);
  entering.catch(() => {});
  const leaving = presence.leave();
  gate.resolve();
  await expect(entering).rejects.toMatchObject({ code: 'Canceled', executed: 'no' });
  await leaving;
  expect(journal.steps).toEqual(['register a', 'release a']);
});
