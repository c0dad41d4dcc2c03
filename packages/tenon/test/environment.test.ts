import { afterEach, expect, test, vi } from 'vitest';
import { readEnvironment } from '../src/app/environment.js';
import { createApp } from '../src/index.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('every variable is read, and an empty one counts as not set', () => {
  const environment = readEnvironment({
    TENON_PROFILE: 'test',
    TENON_LISTEN: '127.0.0.1:7000',
    TENON_ADVERTISE: 'host',
    TENON_ETCD: 'a:1, b:2',
    TENON_NATS: '',
    TENON_REGISTRY: 'etcd',
    TENON_LOG_LEVEL: 'warn',
    TENON_LOG_FORMAT: 'json',
    TENON_FAIL_FAST: 'true',
    PATH: '/bin',
  });
  expect(environment).toEqual({
    profile: 'test',
    listen: '127.0.0.1:7000',
    advertise: 'host',
    etcd: ['a:1', 'b:2'],
    registry: 'etcd',
    logLevel: 'warn',
    logFormat: 'json',
    failFast: true,
  });
});

test('a misspelt variable is refused, and so is a value that means nothing', () => {
  expect(() => readEnvironment({ TENON_PROFIL: 'test' })).toThrow(
    /TENON_PROFIL is set, but no such variable exists; there are .*TENON_PROFILE/,
  );
  expect(() => readEnvironment({ TENON_LOG_LEVEL: 'loud' })).toThrow(
    /TENON_LOG_LEVEL is "loud"; it must be one of debug, info/,
  );
});

test('the environment chooses the profile where the code does not, and shows in the description', async () => {
  vi.stubEnv('TENON_PROFILE', 'test');
  const app = await createApp({ log: { level: 'silent' } });
  expect(app.describe()).toMatchObject({ profile: 'test', environment: { profile: 'test' } });
});

test('TENON_LISTEN wins over the option', async () => {
  vi.stubEnv('TENON_LISTEN', 'nonsense');
  await expect(createApp({ profile: 'test', server: { listen: '127.0.0.1:0' } })).rejects.toThrow(
    /server\.listen is "nonsense"/,
  );
});

test('what Kubernetes sets for a service of that name is left alone', () => {
  const variables = ['TENON_SERVICE_HOST', 'TENON_SHOP_SERVICE_PORT_HTTP', 'TENON_PORT', 'TENON_PORT_8080_TCP_ADDR'];
  expect(readEnvironment(Object.fromEntries(variables.map((name) => [name, 'x'])))).toEqual({});
});
