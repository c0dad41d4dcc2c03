import { type Broker, type HealthCheck, type Registry, ServiceError } from '@tenon/contract';
import { afterEach, describe, expect, test } from 'vitest';
import { LateClock } from '../../test/late-clock.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { Health } from './health.js';
import { type HealthOptions, resolveHealthOptions } from './health-options.js';
import { withoutErrors } from './health-report.js';

const ended: (() => void)[] = [];

afterEach(() => {
  for (const end of ended.splice(0)) end();
});

/** A process with one check of each scope, each of which fails while its name is in `failing`. */
function setUp(options: HealthOptions = {}) {
  const clock = new LateClock();
  const logger = new RecordingLogger();
  const failing = new Set<string>();
  const troubles: { registry?: ServiceError; broker?: ServiceError } = {};
  const check = (name: string, scope: HealthCheck['scope']): HealthCheck => ({
    name,
    scope,
    check: async () => {
      if (failing.has(name)) throw new Error(`${name} fails`);
    },
  });
  const backEnd = (name: 'registry' | 'broker') => ({
    get trouble() {
      return troubles[name];
    },
  });
  const health = new Health(
    [check('heap', 'liveness'), check('database', 'readiness'), check('cache', 'information')],
    backEnd('registry') as unknown as Registry,
    backEnd('broker') as unknown as Broker,
    { clock, logger, meter: undefined },
    resolveHealthOptions(options),
  );
  const follower = { steps: [] as string[], failure: undefined as Error | undefined };
  const begin = () =>
    health.begin({
      enter: async () => {
        if (follower.failure !== undefined) throw follower.failure;
        follower.steps.push('enter');
      },
      follow: (ready) => void follower.steps.push(ready ? 'return' : 'leave'),
    });
  ended.push(() => {
    health.end();
    expect(clock.pending).toBe(0);
  });
  return { clock, logger, failing, troubles, health, follower, begin };
}

const { signal } = new AbortController();

describe('a report', () => {
  test('names every check, and those of the framework', async () => {
    const { health } = setUp();
    const { checks, ...verdict } = await health.report();
    expect(verdict).toEqual({ status: 'up', live: true, ready: true });
    expect(checks.map(({ name, scope, status }) => `${name} ${scope} ${status}`)).toEqual([
      'heap liveness up',
      'database readiness up',
      'cache information up',
      'registry information up',
      'broker information up',
      'event-loop readiness up',
      'drain readiness up',
    ]);
  });

  test.each([
    ['heap', { status: 'down', live: false, ready: false }],
    ['database', { status: 'down', live: true, ready: false }],
    ['cache', { status: 'up', live: true, ready: true }],
  ])('%s failing means what its scope says', async (name, verdict) => {
    const { health, failing } = setUp();
    failing.add(name);
    const report = await health.report();
    expect(report).toMatchObject(verdict);
    expect(report.checks.find((check) => check.name === name)?.error).toBe(`${name} fails`);
    expect(JSON.stringify(withoutErrors(report))).not.toContain('fails');
  });

  test('a back end that cannot be used is shown, and gates nothing unless told', async () => {
    const trouble = new ServiceError('Unavailable', 'no connection');
    for (const scope of ['information', 'readiness'] as const) {
      for (const name of ['registry', 'broker'] as const) {
        const { health, troubles } = setUp({ [name]: scope });
        troubles[name] = trouble;
        const report = await health.report();
        expect(report.ready).toBe(scope === 'information');
        expect(report.checks).toContainEqual({ name, scope, status: 'down', error: 'no connection' });
      }
    }
  });

  test('a bound check takes the place of one of the framework with its name', async () => {
    const own: HealthCheck = { name: 'registry', scope: 'liveness', check: () => {} };
    const registry = { trouble: new ServiceError('Unavailable', 'away') } as unknown as Registry;
    const surroundings = { clock: new LateClock(), logger: new RecordingLogger(), meter: undefined };
    const health = new Health([own], registry, undefined, surroundings, resolveHealthOptions());
    expect((await health.report()).checks.map(({ name }) => name)).toEqual(['registry', 'event-loop', 'drain']);
    expect((await health.report()).ready).toBe(true);
  });
});

describe('entering the registry', () => {
  test('waits for the checks, says so once, and is to be tried again', async () => {
    const { clock, logger, failing, health, follower, begin } = setUp();
    begin();
    failing.add('database');
    for (let times = 0; times < 3; times += 1) {
      await expect(health.enter(signal)).rejects.toMatchObject({
        code: 'Unavailable',
        executed: 'no',
        rawMessage: 'not ready (database: database fails)',
      });
      await clock.advance(1_000);
    }
    const said = logger.lines.filter(({ message }) => message.startsWith('not ready yet'));
    expect(said).toEqual([
      {
        level: 'warn',
        message: 'not ready yet: the node is registered once its health checks pass',
        fields: { checks: ['database'] },
      },
    ]);
    failing.clear();
    await clock.advance(1_000);
    await health.enter(signal);
    expect(follower.steps).toEqual(['enter']);
  });

  test('fails with what entering failed with', async () => {
    const { health, follower, begin } = setUp();
    begin();
    follower.failure = new ServiceError('Unavailable', 'etcd is away');
    await expect(health.enter(signal)).rejects.toBe(follower.failure);
  });

  test('is nothing where nothing is served', async () => {
    const { health, failing } = setUp();
    failing.add('database');
    await health.enter(signal);
  });
});

describe('a node that serves', () => {
  async function serving(options: HealthOptions = {}) {
    const all = setUp(options);
    all.begin();
    await all.health.enter(signal);
    all.follower.steps.length = 0;
    return all;
  }

  test('leaves the registry when a check has failed for a while, and returns when it has passed for a while', async () => {
    const { clock, failing, follower, logger } = await serving();
    failing.add('database');
    await clock.advance(2_000);
    expect(follower.steps).toEqual([]);
    await clock.advance(1_000);
    expect(follower.steps).toEqual(['leave']);
    failing.clear();
    await clock.advance(1_000);
    expect(follower.steps).toEqual(['leave']);
    await clock.advance(1_500);
    expect(follower.steps).toEqual(['leave', 'return']);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'a health check fails',
      'not ready: the node leaves the registry until its health checks pass',
      'a health check passes again',
      'ready again: the node returns to the registry',
    ]);
  });

  test('does not follow a check that flaps', async () => {
    const { clock, failing, follower } = await serving();
    for (let times = 0; times < 20; times += 1) {
      failing.add('database');
      await clock.advance(1_000);
      failing.clear();
      await clock.advance(1_000);
    }
    expect(follower.steps).toEqual([]);
  });

  test('is not ready after its event loop was blocked, and stays in the registry unless it is blocked again', async () => {
    const { clock, health, follower } = await serving();
    clock.block(2_000);
    await clock.advance(100);
    expect((await health.report()).ready).toBe(false);
    await clock.advance(5_000);
    expect([(await health.report()).ready, follower.steps]).toEqual([true, []]);
    for (let times = 0; times < 4; times += 1) {
      clock.block(1_500);
      await clock.advance(500);
    }
    expect(follower.steps).toEqual(['leave']);
    await clock.advance(5_000);
    expect(follower.steps).toEqual(['leave', 'return']);
  });

  test('runs its checks no more often than told, however many ask', async () => {
    const { clock, health } = await serving({ intervalMs: 1_000 });
    const results = await Promise.all(Array.from({ length: 100 }, () => health.report()));
    expect(new Set(results.map(({ checks }) => checks[0])).size).toBe(1);
    await clock.advance(0);
  });

  test('is not ready from the moment it leaves, and nobody follows any more', async () => {
    const { clock, health, failing, follower } = await serving();
    failing.add('database');
    await clock.advance(1_000);
    health.leave();
    const report = await health.report();
    expect([report.ready, report.live]).toEqual([false, true]);
    expect(report.checks).toContainEqual({
      name: 'drain',
      scope: 'readiness',
      status: 'down',
      error: 'the node is leaving',
    });
    await clock.advance(10_000);
    expect(follower.steps).toEqual([]);
  });
});

describe('options', () => {
  test.each([
    ['intervalMs', 99, 'health.intervalMs is 99; it must be a whole number from 100 to 3600000'],
    ['registry', 'liveness', 'health.registry is "liveness"; it must be "readiness" or "information"'],
  ])('%s out of range is refused by its name', (name, value, message) => {
    expect(() => resolveHealthOptions({ [name]: value })).toThrow(message);
  });
});
