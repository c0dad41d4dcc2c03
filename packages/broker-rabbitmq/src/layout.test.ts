import { matchesTopic } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { bindingKey, deadLetterQueue, keptQueue, pushedQueue, retryLevelMs, retryQueue, routingKey } from './layout.js';

const options = {
  exchange: 'micro',
  exchangeIsDurable: false,
  durableExchange: 'tenon',
  queueNaming: 'topic',
} as const;

describe('the names on the server', () => {
  it('are those of the documentation', () => {
    expect(pushedQueue('user.created', 'mailer', options)).toBe('micro:mailer@user.created');
    expect(pushedQueue('user.created', undefined, options)).toBe('');
    expect(pushedQueue('user.created', 'mailer', { ...options, queueNaming: 'go-micro' })).toBe('mailer');
    expect(keptQueue('user.>', 'mailer', options)).toBe('tenon:mailer@user.>');
    expect(keptQueue('user.>', undefined, options)).toMatch(/^tenon:one-[0-9a-f-]{36}@user\.>$/);
    expect(retryQueue('tenon:mailer@user.>', 1_024)).toBe('tenon:mailer@user.>.retry-1024');
    expect(deadLetterQueue('dead-letters', options)).toEqual({ name: 'tenon:dead-letters', key: 'dead-letters.#' });
    expect(deadLetterQueue('dead-letters.mailer', options).name).toBe('tenon:dead-letters');
    expect(deadLetterQueue('graveyard', options)).toEqual({ name: 'tenon:dead-letters@graveyard', key: 'graveyard' });
  });

  it('fit, and stay different, however long queue and topic are', () => {
    const topics = [`${'t'.repeat(254)}a`, `${'t'.repeat(254)}b`];
    const names = topics.map((topic) => retryQueue(keptQueue(topic, 'q'.repeat(128), options), 262_144));
    expect(new Set(names).size).toBe(2);
    for (const name of names) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(() => routingKey('t'.repeat(256))).toThrow(/up to 255/);
  });

  it('put a delay at the level that is at most four times as long', () => {
    for (let delayMs = 1; delayMs <= 120_000; delayMs = Math.ceil(delayMs * 1.3)) {
      const level = retryLevelMs(delayMs);
      expect(level).toBeGreaterThanOrEqual(delayMs);
      if (level > 16) expect(level / 4).toBeLessThan(delayMs);
    }
  });

  it('bind a pattern to its topics and to no other', () => {
    const patterns = ['a.b', 'a.*', '*.b', 'a.>', '>', '*.*.c', 'a.*.>'];
    const topics = ['a', 'b', 'a.b', 'a.c', 'a.b.c', 'a.b.c.d', 'c.b', 'x'];
    for (const pattern of patterns) {
      const matched = topics.filter((topic) => boundTo(bindingKey(pattern), topic));
      expect([pattern, matched]).toEqual([pattern, topics.filter((topic) => matchesTopic(pattern, topic))]);
    }
  });
});

/** As a topic exchange decides: `*` is one word, `#` none or more. */
function boundTo(key: string, topic: string): boolean {
  const tail = key.endsWith('.#');
  const words = (tail ? key.slice(0, -2) : key).split('.').map((word) => (word === '*' ? '[^.]+' : word));
  return new RegExp(`^${words.join('\\.')}${tail ? '(\\..+)?' : ''}$`).test(topic);
}
