import { ServiceError, type ServiceRecord } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { Journal, JournalledRegistry } from '../../test/journalled-parts.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { Registration } from './registration.js';

function setUp() {
  const journal = new Journal();
  const logger = new RecordingLogger();
  const registry = new JournalledRegistry(journal);
  return { journal, logger, registry, registration: new Registration(registry, logger) };
}

const recordOf = (name: string): ServiceRecord => ({
  name,
  version: '1.0.0',
  metadata: {},
  endpoints: [],
  nodes: [{ id: `${name}-1`, address: 'h:1', metadata: {} }],
});
const records = [recordOf('a'), recordOf('b'), recordOf('c')];
const { signal } = new AbortController();

describe('registering', () => {
  test('hands every record to the registry, with time to live and signal', async () => {
    const { registry, registration } = setUp();
    await registration.add(records, 5_000, signal);
    expect(registry.registered).toEqual(records.map((record) => ({ record, options: { ttlMs: 5_000, signal } })));
  });

  test('is of all or none: the first failure is told once those that stood are released', async () => {
    const { journal, registry, registration } = setUp();
    const failure = new ServiceError('Unavailable', 'away');
    journal.before.set('register b', () => Promise.reject(failure));
    await expect(registration.add(records, 5_000, signal)).rejects.toBe(failure);
    expect(registry.registered.map(({ record }) => record.name)).toEqual(['a', 'c']);
    expect(journal.steps.slice(3)).toEqual(['release a', 'release c']);
    await registration.release();
    expect(journal.steps).toHaveLength(5);
  });
});

test('an entry that is lost, and stands again, is logged with service and node', async () => {
  const { logger, registry, registration } = setUp();
  await registration.add([recordOf('a')], 5_000, signal);
  const error = new ServiceError('Unavailable', 'wiped');
  registry.leases[0]?.become('lost', error);
  registry.leases[0]?.become('held');
  registry.leases[0]?.become('released');
  const facts = { service: 'a', version: '1.0.0', node: 'a-1' };
  expect(logger.lines).toEqual([
    {
      level: 'warn',
      message: 'the registry lost our entry; it is being registered again',
      fields: { ...facts, error },
    },
    { level: 'info', message: 'the registry has our entry again', fields: facts },
  ]);
});

describe('releasing', () => {
  test('is of every entry, once', async () => {
    const { journal, registration } = setUp();
    await registration.add(records, 5_000, signal);
    journal.steps.length = 0;
    await registration.release();
    await registration.release();
    expect(journal.steps).toEqual(['release a', 'release b', 'release c']);
  });

  test('goes on past an entry that cannot be released, which is logged', async () => {
    const { journal, logger, registration } = setUp();
    await registration.add(records, 5_000, signal);
    const error = new Error('stuck');
    journal.before.set('release a', () => Promise.reject(error));
    await registration.release();
    expect(journal.steps.slice(3)).toEqual(['release a', 'release b', 'release c']);
    expect(logger.lines).toEqual([
      { level: 'warn', message: 'a registry entry could not be released', fields: { error } },
    ]);
  });
});
