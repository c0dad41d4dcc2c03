import type { Session } from '../link/session.js';
import { perMs } from '../wire/entry-id.js';
import type { Keyspace } from '../wire/keyspace.js';
import type { Script } from './script.js';

/** A message in its wire form, on its way. */
export interface Packet {
  readonly topic: string;
  readonly record: Buffer;
  /** By which a repetition is known; undefined at most once, where nothing is repeated. */
  readonly id: string | undefined;
  readonly bytes: number;
}

/** How long and how much a stream keeps. `Infinity` is for ever, and all. */
export interface Keeping {
  readonly maxAgeMs: number;
  readonly maxLength: number;
  readonly duplicateWindowMs: number;
}

/**
 * Publishes in one step: to the stream where one keeps the topic, or is to; to whoever listens; and to one member of each queue that listens.
 * A message with an id that is known already is left alone.
 */
export async function publish(session: Session, keys: Keyspace, packet: Packet, keeping: Keeping): Promise<void> {
  const { topic, record, id } = packet;
  const { maxAgeMs, maxLength, duplicateWindowMs } = keeping;
  await session.run(
    publishScript,
    [keys.stream(topic), id === undefined ? '' : keys.seen(topic, id), keys.topics, keys.queues(topic), keys.patterns],
    [
      topic,
      record,
      duplicateWindowMs,
      maxLength === Number.POSITIVE_INFINITY ? '' : maxLength,
      maxAgeMs === Number.POSITIVE_INFINITY ? '' : maxAgeMs,
      keys.prefix,
      keys.channels,
    ],
  );
}

export const publishScript = Object.freeze<Script>({
  name: 'publish',
  text: `
local stream, seen, topics, queues, patterns = unpack(KEYS)
local topic, record, window, maxLength, maxAge, prefix, channels = unpack(ARGV)

if seen ~= '' and redis.call('EXISTS', seen) == 1 then return 0 end

local isKept = redis.call('EXISTS', stream) == 1
if isKept or seen ~= '' then
  if not isKept then redis.call('SADD', topics, topic) end
  local id = redis.call('XADD', stream, '*', 'e', record)
  local ms, index = string.match(id, '^(%d+)-(%d+)$')
  -- A place is a number, and each millisecond has so many: what is more goes into the next.
  if tonumber(index) >= ${perMs} then
    redis.call('XDEL', stream, id)
    id = redis.call('XADD', stream, string.format('%.0f-0', tonumber(ms) + 1), 'e', record)
  end
  if maxLength ~= '' then redis.call('XTRIM', stream, 'MAXLEN', '~', maxLength) end
  if maxAge ~= '' then
    redis.call('XTRIM', stream, 'MINID', '~', string.format('%.0f', math.max(0, tonumber(ms) - tonumber(maxAge))))
  end
  if seen ~= '' then redis.call('SET', seen, id, 'PX', window) end
  redis.call('PUBLISH', channels .. '/wake/' .. topic, '')
end

local framed = topic .. '\\n' .. record
redis.call('PUBLISH', channels .. '/topic/' .. topic, framed)

-- One member each, and another where the one is gone: the server knows who listens.
local function toOneOf(members)
  while true do
    local member = redis.call('SRANDMEMBER', members)
    if not member then return false end
    if redis.call('PUBLISH', channels .. '/to/' .. member, framed) > 0 then return true end
    redis.call('SREM', members, member)
  end
end
for _, queue in ipairs(redis.call('SMEMBERS', queues)) do
  if not toOneOf(prefix .. '/members/' .. topic .. '/' .. queue) then redis.call('SREM', queues, queue) end
end
local known = redis.call('HGETALL', patterns)
for at = 1, #known, 2 do
  if string.find(topic, known[at + 1]) and not toOneOf(prefix .. '/members/' .. known[at]) then
    redis.call('HDEL', patterns, known[at])
  end
end
return 1
`,
});
