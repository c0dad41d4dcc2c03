import { expect, test } from 'vitest';
import { BackEnd } from './back-end.js';
import { childApp } from './child-app.js';

/** Less than the time to drain: what is away must not use it up. */
const endsWithinMs = 20_000;

test.each(['there', 'killed'])(
  'with etcd and NATS %s, a program that runs ends at SIGTERM with code 0',
  async (how) => {
    await using etcd = await BackEnd.started('etcd');
    await using nats = await BackEnd.started('nats-server');
    await using child = childApp('served-life.ts', [], { TENON_ETCD: etcd.address, TENON_NATS: nats.address });
    await child.line(/^listening on /);
    if (how === 'killed') await Promise.all([etcd.kill(), nats.kill()]);
    child.kill('SIGTERM');
    expect(await child.ended(endsWithinMs), child.errors).toEqual({ code: 0, signal: null });
    expect(child.lines).toContain('over');
  },
);
