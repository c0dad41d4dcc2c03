import { hasWildcards } from '@tenon/contract';
import type { Session } from '../link/session.js';
import type { Keyspace } from '../wire/keyspace.js';
import type { Script } from './script.js';

/** A member of a queue at most once. */
export interface Member {
  readonly id: string;
  readonly topic: string;
  readonly queue: string;
}

/** From now on the member gets its share. Its channel must be subscribed to already. */
export async function enterQueue(session: Session, keys: Keyspace, { id, topic, queue }: Member): Promise<void> {
  const isPattern = hasWildcards(topic);
  await session.run(
    enterScript,
    [keys.members(topic, queue), isPattern ? keys.patterns : keys.queues(topic)],
    [id, isPattern ? `${topic}/${queue}` : queue, isPattern ? luaPatternOf(topic) : ''],
  );
}

/** No further message is for the member. */
export async function leaveQueue(session: Session, keys: Keyspace, { id, topic, queue }: Member): Promise<void> {
  await session.command('SREM', keys.members(topic, queue), id);
}

/** What the topics of a pattern look like to Lua. */
export function luaPatternOf(pattern: string): string {
  const tokens = pattern.split('.').map((token) => {
    if (token === '*') return '[^.]+';
    return token === '>' ? '.+' : token.replaceAll('-', '%-');
  });
  return `^${tokens.join('%.')}$`;
}

export const enterScript = Object.freeze<Script>({
  name: 'enter a queue',
  text: `
local members, queues = unpack(KEYS)
local member, queue, pattern = unpack(ARGV)
redis.call('SADD', members, member)
if pattern == '' then redis.call('SADD', queues, queue) else redis.call('HSET', queues, queue, pattern) end
return 1
`,
});
