import fs, { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rejectsWith } from '@tenon/conformance';
import { silentLogger, systemClock } from '@tenon/contract/authoring';
import { NodeProcess } from '@tenon/testing/node-process';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SpoolDatabase } from './spool-database.js';
import { takeFolder } from './spool-owner.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-spool-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const schema = 'create table if not exists things (name text primary key)';
const open = (): Promise<SpoolDatabase> =>
  SpoolDatabase.open(join(folder, 'spool.db'), schema, systemClock(), silentLogger());
const put = (database: SpoolDatabase, name: string): Promise<number> =>
  database.write(() => database.run('insert into things (name) values (?)', [name]));

describe('the database of a spool', () => {
  it('syncs before a write resolves, and once for all that came together', async () => {
    const database = await open();
    const synced = vi.spyOn(fs, 'fsyncSync');
    await put(database, 'one');
    const forOne = synced.mock.calls.length;
    expect(forOne).toBeGreaterThan(0);
    await Promise.all(Array.from({ length: 100 }, (_, index) => put(database, `thing ${index}`)));
    expect(synced.mock.calls.length - forOne).toBeLessThanOrEqual(forOne + 2);
    expect(database.get('select count(*) as count from things')?.['count']).toBe(101);
    database.close();
  });

  it('rejects every write of a group that cannot be written, keeps none, and goes on', async () => {
    const database = await open();
    await put(database, 'one');
    const failures = await Promise.all(
      ['two', 'one', 'three'].map((name) => rejectsWith(() => put(database, name), 'Unavailable')),
    );
    expect(failures.map(({ executed }) => executed)).toEqual(['no', 'no', 'no']);
    await put(database, 'four');
    expect(database.all('select name from things order by name').map(({ name }) => name)).toEqual(['four', 'one']);
    database.close();
    await rejectsWith(() => put(database, 'five'), 'FailedPrecondition');
  });

  it('has what nobody waited for when it was closed', async () => {
    const database = await open();
    database.writeLater(() => database.run('insert into things (name) values (?)', ['late']));
    database.close();
    const again = await open();
    expect(again.all('select name from things')).toEqual([{ name: 'late' }]);
    again.close();
  });
});

describe('the folder of a spool', () => {
  it('is taken from a process that has died, with the lock that it left', async () => {
    await mkdir(join(folder, 'spool.db.lock'));
    const dead = new NodeProcess('-e', { parameters: ['0'] });
    await dead.ended(10_000);
    await writeFile(join(folder, 'owner'), `${dead.pid} 1`);
    const { release } = await takeFolder(folder);
    expect(existsSync(join(folder, 'spool.db.lock'))).toBe(false);
    const database = await open();
    database.close();
    await release();
    expect(existsSync(join(folder, 'owner'))).toBe(false);
  });

  it('is taken from a process whose number another one has now', async () => {
    await takeFolder(folder);
    const owner = await readFile(join(folder, 'owner'), 'utf8');
    await writeFile(join(folder, 'owner'), `${owner.split(' ')[0]} 1`);
    await takeFolder(folder);
  });

  it('is refused while its process lives', async () => {
    await takeFolder(folder);
    const refused = await rejectsWith(() => takeFolder(folder), 'FailedPrecondition');
    expect(refused.message).toContain(String(process.pid));
  });
});
