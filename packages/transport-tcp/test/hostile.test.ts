import { randomBytes } from 'node:crypto';
import type { Clock } from '@tenon/contract';
import { systemClock } from '@tenon/contract/authoring';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  idOf,
  preamble,
  RawClient,
  rawCall,
  rawCredit,
  rawFrame,
  rawGreeting,
  rawName,
  rawSegment,
} from './raw-peer.js';
import { replyOf, Serving, streamOf, until } from './serving.js';

let serving: Serving;
const clients: RawClient[] = [];

beforeEach(async () => {
  serving = await Serving.start({}, { maxMessageBytes: 256 * 1_024, tcp: { handshakeTimeoutMs: 300 } });
});

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await serving.close();
});

async function greeted(members: Readonly<Record<string, unknown>> = {}): Promise<RawClient> {
  const client = await RawClient.greeted(serving.port, members);
  clients.push(client);
  return client;
}

async function connected(): Promise<RawClient> {
  const client = await RawClient.open(serving.port);
  clients.push(client);
  return client;
}

/** Shows that the server serves others. */
async function stillServes(): Promise<void> {
  const client = await greeted();
  client.send(rawSegment(rawCall(0, 1, { request: 'Ada' })));
  const { payload } = await client.waitFor(({ type }) => type === 0x14);
  expect(payload.toString('utf8', 1)).toBe('{"hello":"Ada"}');
}

const payloadOf = (bytes: number): Buffer => Buffer.alloc(bytes, 0x20);

describe('before a client is known', () => {
  test('a socket that says nothing, or stops in the middle, is closed', async () => {
    const partial = [Buffer.alloc(0), preamble, preamble.subarray(0, 5), rawSegment(rawGreeting(1)).subarray(0, 30)];
    const silent: RawClient[] = [];
    for (const bytes of partial) {
      const client = await connected();
      client.send(bytes);
      silent.push(client);
    }
    await until(() => silent[1]?.ended === true && silent[3]?.ended === true, 'the silent sockets were closed');
    await stillServes();
  });

  test('a thousand sockets that drip their greeting are closed in time, and others are served meanwhile', async () => {
    const start = Buffer.concat([preamble, rawSegment(rawGreeting(1, { pad: 'x'.repeat(900) }))]);
    const slow = await Promise.all(Array.from({ length: 1_000 }, () => connected()));
    let at = 0;
    const drip = setInterval(() => {
      for (const { ended, socket } of slow) if (!ended) socket.write(start.subarray(at, at + 1));
      at += 1;
    }, 20);
    let served = 0;
    try {
      for (; slow.some(({ ended }) => !ended); served += 1) await stillServes();
    } finally {
      clearInterval(drip);
    }
    expect(at).toBeLessThan(start.length);
    expect(served).toBeGreaterThan(0);
    expect(serving.received).toHaveLength(served);
  });

  test('another protocol is closed at once', async () => {
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), randomBytes(1_024), Buffer.from([0x16, 3, 1, 2, 0])]) {
      const client = await connected();
      client.send(bytes);
      await until(() => client.ended, 'it was closed');
    }
    await stillServes();
  });

  test('a segment that is larger than a greeting may be is refused from its header', async () => {
    const client = await connected();
    client.send(preamble, rawSegment(rawFrame(1, 0, payloadOf(20_000))).subarray(0, 8));
    expect(await client.goAway()).toMatchObject({ code: 3, reason: expect.stringContaining('segment') });
  });

  test('a call before HELLO is refused', async () => {
    const client = await connected();
    client.send(preamble, rawSegment(rawCall(0, 1)));
    expect(await client.goAway()).toMatchObject({ code: 3 });
    expect(serving.received).toHaveLength(0);
  });

  test('who asks for a service that is not here is told so', async () => {
    const client = await connected();
    client.send(preamble, rawSegment(rawGreeting(1, { service: 'orders' })));
    expect(await client.goAway()).toEqual({ code: 12, reason: 'there is no service orders here' });
  });
});

describe('bytes that are not whole', () => {
  test('a session that ends at any byte leaves nothing behind', async () => {
    const session = Buffer.concat([
      preamble,
      rawSegment(rawGreeting(1)),
      rawSegment(rawName(0, 0, 'Greeter.Hello'), rawName(2, 2, 'Greeter.Sum'), rawCall(0, 1, { request: 'Ada' })),
      rawSegment(rawCall(1, 1, { endpoint: 2 }), rawFrame(0x12, idOf(1), Buffer.from('7'))),
    ]);
    for (let end = 0; end < session.length; end += 1) {
      const client = await connected();
      client.socket.end(session.subarray(0, end));
      await until(() => client.ended, `a session of ${end} bytes was closed`);
    }
    // The client stream ended with its connection, and its handler was told.
    await until(
      () => serving.cancels.length === serving.received.filter(({ kind }) => kind === 'client').length,
      'told',
    );
    await stillServes();
  });

  test('a session in slices of one byte is served like any other', async () => {
    const client = await connected();
    const session = Buffer.concat([
      preamble,
      rawSegment(rawGreeting(1)),
      rawSegment(rawName(0, 0, 'Greeter.Hello'), rawName(2, 2, 'Greeter.Sum'), rawCall(0, 1, { request: 'Ada' })),
      rawSegment(rawCall(1, 1, { endpoint: 2 })),
      rawSegment(rawFrame(0x12, idOf(1), Buffer.from('40')), rawFrame(0x12, idOf(1), Buffer.from('2'))),
      rawSegment(rawFrame(0x13, idOf(1))),
    ]);
    for (const byte of session) {
      client.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { payload } = await client.waitFor(({ type, id }) => type === 0x14 && id === idOf(0));
    expect(payload.toString('utf8', 1)).toBe('{"hello":"Ada"}');
    const sum = await client.waitFor(({ type, id }) => type === 0x14 && id === idOf(1));
    expect(sum.payload.toString('utf8', 1)).toBe('42');
  });

  test('a damaged bit never reaches a handler, wherever it is', async () => {
    const good = rawSegment(rawCall(0, 1, { request: { name: 'Ada' } }));
    for (let bit = 0; bit < good.length * 8; bit += 3) {
      const client = await greeted();
      const bad = Buffer.from(good);
      bad[bit >> 3] = (bad[bit >> 3] as number) ^ (1 << (bit & 7));
      client.send(bad, Buffer.alloc(300));
      expect((await client.goAway()).code, `bit ${bit}`).toBe(3);
    }
    expect(serving.received).toHaveLength(0);
  });
});

describe('what the protocol does not allow', () => {
  const violations: Readonly<Record<string, () => readonly Buffer[]>> = {
    'a frame of 16 MiB, from its header': () => [rawSegment(Buffer.from([0xff, 0xff, 0xff, 0x10, 0, 1, 0, 0]))],
    'a segment over the limit, from its header': () => [Buffer.from([0x02, 0, 1, 0x02 ^ 1 ^ 0x5a, 0, 0, 0, 0])],
    'an unknown frame that is not optional': () => [rawSegment(rawFrame(0x2a, idOf(0)))],
    'a slot beyond the limits': () => [rawSegment(rawCall(1_124, 1))],
    'a slot in use': () => [rawSegment(rawCall(3, 1, { endpoint: 4 }), rawCall(3, 2, { endpoint: 4 }))],
    'a turn that is not the next': () => [rawSegment(rawCall(3, 2))],
    'data for a call that never was': () => [rawSegment(rawFrame(0x12, idOf(7), Buffer.from('1')))],
    'an endpoint named twice': () => [rawSegment(rawName(0, 0, 'Greeter.Hello'))],
    'an endpoint that was never named': () => [rawSegment(rawCall(0, 1, { endpoint: 77 }))],
    'data for a unary call': () => [
      rawSegment(rawCall(0, 1, { endpoint: 4 }), rawFrame(0x12, idOf(0), Buffer.from('1'))),
    ],
    'data after the end': () => [
      rawSegment(rawCall(0, 1, { endpoint: 2 }), rawFrame(0x13, idOf(0)), rawFrame(0x12, idOf(0), Buffer.from('1'))),
    ],
    'more data than the stream has credit for': () => [
      rawSegment(rawCall(0, 1, { endpoint: 3 })),
      rawSegment(rawFrame(0x12, idOf(0), payloadOf(40_000))),
      rawSegment(rawFrame(0x12, idOf(0), payloadOf(40_000))),
    ],
    'more empty messages than the stream has credit for': () => {
      const empty = Buffer.concat(Array.from({ length: 8_000 }, () => rawFrame(0x12, idOf(0))));
      return [rawSegment(rawCall(0, 1, { endpoint: 3 })), ...Array.from({ length: 9 }, () => rawSegment(empty))];
    },
    'credit beyond what a number holds': () => [
      rawSegment(rawCall(0, 1, { endpoint: 4 })),
      rawSegment(rawCredit(0, 0x7fff_ffff), rawCredit(0, 0x7fff_ffff)),
    ],
    'a PONG that answers nothing': () => [rawSegment(rawFrame(5, 0, Buffer.alloc(8)))],
    'PING after PING': () => Array.from({ length: 4 }, () => rawSegment(rawFrame(4, 0, Buffer.alloc(8)))),
    'nothing but frames about the connection': () => [
      ...Array.from({ length: 9 }, () =>
        rawSegment(Buffer.concat(Array.from({ length: 1_000 }, () => rawCredit(0, 1)))),
      ),
    ],
  };

  test.each(Object.entries(violations))('%s', async (_what, bytes) => {
    // Nobody reads what this endpoint is sent.
    serving.answer('Greeter.Chat', () => undefined);
    const client = await greeted();
    for (const segment of bytes()) client.send(segment);
    expect((await client.goAway()).code).toBe(3);
    await stillServes();
  });

  test('an unknown frame is ignored where it is optional', async () => {
    const client = await greeted();
    client.send(rawSegment(rawFrame(0xaa, idOf(99), Buffer.from('whatever')), rawCall(0, 1, { request: 'Ada' })));
    await client.waitFor(({ type }) => type === 0x14);
  });

  test('three PINGs in a row are answered, with what they hold', async () => {
    const client = await greeted();
    for (const letter of ['a', 'b', 'c']) client.send(rawSegment(rawFrame(4, 0, Buffer.from(letter.repeat(8)))));
    await client.waitFor(({ type, payload }) => type === 5 && payload.toString() === 'cccccccc');
    expect(client.frames.filter(({ type }) => type === 5)).toHaveLength(3);
  });

  test.each([10_000, 200])('PINGs each %d ms are answered for ever', async (gapMs) => {
    const system = systemClock();
    let ahead = 0;
    const clock: Clock = {
      now: () => system.now() + ahead,
      wallTime: () => system.wallTime(),
      after: (delayMs, callback) => system.after(delayMs, callback),
    };
    await serving.close();
    serving = await Serving.start({}, { clock });
    const client = await greeted();
    for (let count = 1; count <= 50; count += 1) {
      client.send(rawSegment(rawFrame(4, 0, Buffer.alloc(8))));
      await until(() => client.frames.filter(({ type }) => type === 5).length === count, 'it was answered');
      ahead += gapMs;
    }
    expect(client.ended).toBe(false);
  });

  test('a frame for a call that is over is ignored, and its bytes still give credit back', async () => {
    const client = await greeted();
    client.send(rawSegment(rawCall(0, 1, { endpoint: 2 })));
    client.send(rawSegment(rawFrame(0x16, idOf(0), Buffer.from([1]))));
    await until(() => serving.cancels.length === 1, 'the handler was told');
    for (let sent = 0; sent < 10; sent += 1) client.send(rawSegment(rawFrame(0x12, idOf(0), payloadOf(60_000))));
    const { payload } = await client.waitFor(({ type, id }) => type === 0x18 && id === 0);
    expect(payload.readUInt32BE()).toBe(540_000);
    client.send(rawSegment(rawCall(0, 2, { request: 'Ada' })));
    await client.waitFor(({ type, id }) => type === 0x14 && id === idOf(0, 2));
  });
});

describe('too much', () => {
  test('a request over the limit is refused for that call only, while its rest still comes', async () => {
    const client = await greeted();
    client.send(rawSegment(rawCall(0, 1, { endpoint: 4, more: true, raw: payloadOf(60_000) })));
    for (let sent = 0; sent < 6; sent += 1) client.send(rawSegment(rawFrame(0x59, idOf(0), payloadOf(60_000))));
    client.send(rawSegment(rawCall(1, 1, { request: 'Ada' }), rawFrame(0x19, idOf(0), payloadOf(10))));
    const { payload } = await client.waitFor(({ type, id }) => type === 0x15 && id === idOf(0));
    expect([payload[0], payload[1]]).toEqual([8, 0]);
    await client.waitFor(({ type, id }) => type === 0x14 && id === idOf(1));
    expect(serving.received).toHaveLength(1);
  });

  test('requests that are never whole end when they take 16 MiB, the last one first', async () => {
    const client = await greeted();
    await serving.close();
    serving = await Serving.start({});
    const greedy = await greeted();
    for (let slot = 0; slot < 5; slot += 1) {
      greedy.send(rawSegment(rawCall(slot, 1, { more: true, raw: payloadOf(65_000) })));
      for (let sent = 0; sent < 63; sent += 1) greedy.send(rawSegment(rawFrame(0x59, idOf(slot), payloadOf(65_000))));
    }
    const { id, payload } = await greedy.waitFor(({ type }) => type === 0x15);
    expect([id, payload[0], payload[1]]).toEqual([idOf(4), 8, 0]);
    expect(greedy.frames.filter(({ type }) => type === 0x15)).toHaveLength(1);
    await client.close();
  });

  test('more than the budget of all streams and the credit of the connection is not taken', async () => {
    await serving.close();
    serving = await Serving.start({}, { tcp: { maxStreamBufferBytes: 1_024 * 1_024 } });
    serving.answer('Greeter.Chat', () => undefined);
    const client = await greeted();
    const sent = (streams: number): void => {
      for (let slot = 0; slot < streams; slot += 1) {
        client.send(rawSegment(rawCall(slot, 1, { endpoint: 3 }), rawFrame(0x12, idOf(slot), payloadOf(60_000))));
      }
    };
    // 100 streams are within their own credit, and take 6 MB; 1 MiB is held, and 1 MiB more was granted before.
    sent(100);
    expect(await client.goAway()).toMatchObject({ code: 3, reason: expect.stringContaining('connection has credit') });
    expect(serving.received.length).toBeLessThan(45);
  });

  test('a producer is not asked for what there is no credit for', async () => {
    let made = 0;
    serving.answer('Greeter.Count', () =>
      streamOf(
        (async function* () {
          for (;;) {
            made += 1;
            // With its quotes exactly the window.
            yield 'x'.repeat(1_022);
          }
        })(),
      ),
    );
    const client = await greeted({ limits: { window: 1_024 } });
    client.send(rawSegment(rawCall(0, 1, { endpoint: 1, request: 1 })));
    await client.waitFor(({ type }) => type === 0x12);
    client.send(rawSegment(rawCall(1, 1, { request: 'Ada' })));
    await client.waitFor(({ type }) => type === 0x14);
    expect(made).toBe(1);
    client.send(rawSegment(rawCredit(idOf(0), 1_024)));
    await until(() => made === 2, 'the next was asked for');
  });

  test('calls over the limit are answered with an error that says so', async () => {
    await serving.close();
    serving = await Serving.start({}, { tcp: { maxCalls: 2 } });
    const client = await greeted();
    client.send(
      rawSegment(rawCall(0, 1, { endpoint: 4 }), rawCall(1, 1, { endpoint: 4 }), rawCall(2, 1, { endpoint: 4 })),
    );
    const { id, payload } = await client.waitFor(({ type }) => type === 0x15);
    expect([id, payload[0], payload[1]]).toEqual([idOf(2), 8, 0]);
    expect(payload.toString()).toContain('"refusal":"overloaded"');
  });

  test('100,000 frames in one write are taken in turns, while others are served', async () => {
    const client = await greeted();
    const other = await greeted();
    const many = Array.from({ length: 100_000 }, (_, n) =>
      rawCall(n % 1_000, 1 + Math.floor(n / 1_000), { request: 1 }),
    );
    const segments: Buffer[] = [];
    for (let at = 0; at < many.length; at += 4_000) segments.push(rawSegment(...many.slice(at, at + 4_000)));
    client.send(...segments);
    other.send(rawSegment(rawCall(0, 1, { request: 'Ada' })));
    await other.waitFor(({ type }) => type === 0x14);
    const answered = (): number => client.frames.filter(({ type }) => type === 0x14 || type === 0x15).length;
    await until(() => client.ended || serving.received.length > 1_000, 'the calls were taken', 20_000);
    expect(answered()).toBeLessThan(100_000);
    await stillServes();
  });

  test('a client that asks and does not read is not read from', async () => {
    const large = 'x'.repeat(10_000);
    serving.answer('Greeter.Hello', () => replyOf(large));
    const client = await greeted();
    client.socket.pause();
    let sent = 0;
    const taken = (): Promise<boolean> =>
      until(() => serving.received.length === sent, 'all were taken', 1_000).then(
        () => true,
        () => false,
      );
    // A slot is used again only when its call has been answered, as far as the server can do that.
    for (let turn = 1; turn <= 100 && (await taken()); turn += 1) {
      client.send(rawSegment(...Array.from({ length: 100 }, (_, slot) => rawCall(slot, turn, { request: 1 }))));
      sent += 100;
    }
    expect(await taken()).toBe(false);
    const before = serving.received.length;
    expect(client.ended).toBe(false);
    client.socket.resume();
    await until(() => serving.received.length > before, 'it goes on when the client reads');
  }, 60_000);
});

test('what a server writes are whole segments with their checksums', async () => {
  const client = await greeted();
  client.send(rawSegment(rawCall(0, 1, { endpoint: 1, request: 3 })));
  await client.waitFor(({ type }) => type === 0x13);
  const types = client.frames.filter(({ id }) => id === idOf(0)).map(({ type }) => type);
  expect(types).toEqual([0x11, 0x12, 0x12, 0x12, 0x13]);
});
