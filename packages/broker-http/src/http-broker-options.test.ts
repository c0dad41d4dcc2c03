import { readFileSync } from 'node:fs';
import { rejectsWith } from '@tenon/conformance';
import { Clock, Logger, Registry, Tls } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { type HttpBrokerOptions, resolveHttpBrokerOptions } from './http-broker-options.js';
import { httpBroker } from './index.js';

describe('the options of an HTTP broker', () => {
  it('have the defaults that the README tells', () => {
    const { listen, advertise, spool, insecure, ...numbers } = resolveHttpBrokerOptions({});
    expect([listen, advertise, spool, insecure]).toEqual([{ host: '127.0.0.1', port: 0 }, undefined, undefined, false]);
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    for (const [name, value] of Object.entries(numbers)) {
      const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\``));
      expect(row, name).toContain(`| ${shown(name, value as number)} |`);
    }
  });

  it('are frozen copies', () => {
    const given = { spool: { path: 'spool' }, listen: '[::1]:80' };
    const resolved = resolveHttpBrokerOptions(given);
    expect(resolved.listen).toEqual({ host: '::1', port: 80 });
    expect(resolved.spool).toEqual({
      path: 'spool',
      maxMessages: 1_000_000,
      maxBytes: 1_024 ** 3,
      abandonAfterMs: 60_000,
      forgetQueueAfterMs: 604_800_000,
    });
    expect([Object.isFrozen(resolved), Object.isFrozen(resolved.spool)]).toEqual([true, true]);
  });

  it.each<readonly [string, unknown]>([
    ['listen', 'localhost'],
    ['listen', '127.0.0.1:65536'],
    ['listen', 80],
    ['advertise', 'http://a:80'],
    ['advertise', 'a:0'],
    ['insecure', 'yes'],
    ['ttlMs', 999],
    ['connectTimeoutMs', 0],
    ['requestTimeoutMs', Number.NaN],
    ['maxMessageBytes', 1],
    ['maxPendingMessages', 0],
    ['maxPendingBytes', -1],
    ['maxWaitingMessages', 1.5],
    ['maxConnectionsPerSubscription', 2_000],
    ['spool', ''],
    ['spool', {}],
    ['spool', { path: 'a', maxBytes: 1 }],
    ['spool', { path: 'a', abandonAfterMs: 1 }],
  ])('%s: %j is InvalidArgument that names it', async (name, value) => {
    const failure = await rejectsWith(async () => {
      httpBroker({ [name]: value } as HttpBrokerOptions);
    }, 'InvalidArgument');
    expect([failure.message, failure.executed]).toEqual([expect.stringContaining(`httpBroker.${name}`), 'no']);
  });

  it('make a provider that needs a registry, and TLS where it is bound', () => {
    expect(httpBroker().dependencies).toEqual([Registry, Clock, Logger, { optional: Tls }]);
  });
});

function shown(name: string, value: number): string {
  if (name.endsWith('Bytes')) return `${value / 1_024 ** 2} MiB`;
  return value.toLocaleString('en-US');
}
