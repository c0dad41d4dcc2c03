import type { Script } from './script.js';

/** Finds or makes stream and group, and says from which entry on the group reads. Sweeps out what is left of the dead. */
export const joinScript = Object.freeze<Script>({
  name: 'join a group',
  text: `
local stream, topics, guests = unpack(KEYS)
local topic, group, start, isGuest, prefix, forgetMs = unpack(ARGV)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, guest in ipairs(redis.call('ZRANGEBYSCORE', guests, '-inf', string.format('%.0f', now - forgetMs), 'LIMIT', 0, 100)) do
  local of, name = string.match(guest, '^(.*)/(.*)$')
  if redis.call('EXISTS', prefix .. '/stream/' .. of) == 1 then
    redis.call('XGROUP', 'DESTROY', prefix .. '/stream/' .. of, name)
  end
  redis.call('DEL', prefix .. '/due/' .. guest)
  redis.call('ZREM', guests, guest)
end

redis.call('SADD', topics, topic)
local made = redis.pcall('XGROUP', 'CREATE', stream, group, start, 'MKSTREAM')
if made.err and not string.find(made.err, 'BUSYGROUP') then return made end
if isGuest == '1' then redis.call('ZADD', guests, string.format('%.0f', now), topic .. '/' .. group) end

local function fields(list)
  local named = {}
  for at = 1, #list, 2 do named[list[at]] = list[at + 1] end
  return named
end
-- Each process is a consumer of its own. Those that hold nothing and have long been silent are not coming back.
for _, listed in ipairs(redis.call('XINFO', 'CONSUMERS', stream, group)) do
  local consumer = fields(listed)
  if consumer.pending == 0 and consumer.idle > 3600000 then
    redis.call('XGROUP', 'DELCONSUMER', stream, group, consumer.name)
  end
end
for _, listed in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local one = fields(listed)
  if one.name == group then return one['last-delivered-id'] end
end
`,
});

/**
 * Hands out up to so many messages: those whose time with another is over, or that were handed back for a while which is over, then new ones.
 * Each is the taker's for the time that it asks for. Says too in how many milliseconds the next one's time is over.
 */
export const takeScript = Object.freeze<Script>({
  name: 'take messages',
  text: `
local stream, due, guests = unpack(KEYS)
local group, consumer, count, holdMs, isOrdered, guest = unpack(ARGV)
local room = tonumber(count)
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = string.format('%.0f', now + holdMs)
if guest ~= '' then redis.call('ZADD', guests, string.format('%.0f', now), guest) end

local taken, ids = {}, {}
if room > 0 and isOrdered == '1' then
  local first = redis.call('XPENDING', stream, group, '-', '+', 1)[1]
  if first then
    room = 0
    if tonumber(redis.call('ZSCORE', due, first[1]) or 0) <= now then ids = { first[1] } end
  else
    room = 1
  end
elseif room > 0 then
  ids = redis.call('ZRANGEBYSCORE', due, '-inf', string.format('%.0f', now), 'LIMIT', 0, room)
end

for _, id in ipairs(ids) do
  local entry = redis.call('XCLAIM', stream, group, consumer, 0, id)[1]
  local counted = redis.call('XPENDING', stream, group, id, id, 1)[1]
  if entry and counted then
    redis.call('ZADD', due, mine, id)
    taken[#taken + 1] = { id, counted[4], entry[2] }
  else
    -- Handled meanwhile, or no longer in the stream.
    redis.call('XACK', stream, group, id)
    redis.call('ZREM', due, id)
  end
end
if room > #taken then
  local read = redis.call('XREADGROUP', 'GROUP', group, consumer, 'COUNT', room - #taken, 'STREAMS', stream, '>')
  for _, entry in ipairs(read and read[1][2] or {}) do
    redis.call('ZADD', due, mine, entry[1])
    taken[#taken + 1] = { entry[1], 1, entry[2] }
  end
end

local next = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
return { taken, next[2] and math.max(0, math.min(tonumber(next[2]) - now, 86400000)) or -1 }
`,
});

/** A message was handled. It does not matter who says so. */
export const ackScript = Object.freeze<Script>({
  name: 'acknowledge',
  text: `
local stream, due = unpack(KEYS)
local group, id = unpack(ARGV)
redis.call('ZREM', due, id)
return redis.call('XACK', stream, group, id)
`,
});

/** A message is nobody else's for so long, or anyone's after it; nothing where it is no longer the sayer's. */
export const holdScript = Object.freeze<Script>({
  name: 'hold a message',
  text: `
local stream, due = unpack(KEYS)
local group, consumer, id, attempt, forMs, wake = unpack(ARGV)
local held = redis.call('XPENDING', stream, group, id, id, 1)[1]
if not held or held[2] ~= consumer or held[4] ~= tonumber(attempt) then return 0 end
local time = redis.call('TIME')
redis.call('ZADD', due, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + forMs), id)
if tonumber(forMs) <= 0 then redis.call('PUBLISH', wake, '') end
return 1
`,
});
