import { afterEach, expect, test, vi } from 'vitest';
import { createApp, Registry } from '../src/index.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('the classic profile is Consul and HTTP, at the agent that the environment names', async () => {
  vi.stubEnv('TENON_CONSUL', '127.0.0.1:1');
  const app = await createApp({ profile: 'classic', log: { level: 'silent' }, failFast: true });
  expect(app.describe().providers['Transport']).toHaveLength(1);
  await expect(app.start()).rejects.toMatchObject({ code: 'Unavailable' });
  await app.close();
});

test('apps of the local profile find each other without any server', async () => {
  const [one, other] = await Promise.all([1, 2].map(() => createApp({ profile: 'local', log: { level: 'silent' } })));
  if (one === undefined || other === undefined) throw new Error('an app is missing');
  await Promise.all([one.start(), other.start()]);
  const record = {
    name: 'local-profile',
    version: '1.0.0',
    metadata: {},
    endpoints: [],
    nodes: [{ id: `local-profile-${crypto.randomUUID()}`, address: '127.0.0.1:7', metadata: {} }],
  };
  const lease = await one.get(Registry).register(record, { ttlMs: 5_000 });
  await vi.waitFor(
    async () => expect((await other.get(Registry).lookup('local-profile'))[0]?.nodes[0]?.id).toBe(record.nodes[0]?.id),
    { timeout: 10_000, interval: 100 },
  );
  await lease.release();
  await Promise.all([one.close(), other.close()]);
}, 30_000);

test('a profile that does not exist is refused with those that do', async () => {
  await expect(createApp({ profile: 'lokal' as 'local' })).rejects.toThrow(
    /profile is "lokal"; it must be "standard" .* "classic" .* "local" .* or "test"/,
  );
});
