import type { ClientHttp2Session } from 'node:http2';
import { FakeClock } from '@tenon/testing/fake-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { Http2Signs } from './http2-signs.js';

let clock: FakeClock;
let asked: string[];
let answer: (() => void) | undefined;
let bytes: number;
let hasRoom: boolean;
let signs: Http2Signs;

/** What the signs need of a session: it keeps how to answer what it was asked last. */
const session = {
  destroyed: false,
  ping: (listener: (error: Error | null) => void) => {
    asked.push(`ping at ${clock.now()}`);
    answer = () => listener(null);
    return true;
  },
  request: () => {
    asked.push(`stream at ${clock.now()}`);
    const stream = {
      on: () => stream,
      once: (event: string, listener: () => void) => {
        if (event === 'close') answer = listener;
        return stream;
      },
    };
    return stream;
  },
} as unknown as ClientHttp2Session;

beforeEach(() => {
  clock = new FakeClock();
  asked = [];
  answer = undefined;
  bytes = 0;
  hasRoom = true;
  signs = new Http2Signs(
    clock,
    () => bytes,
    () => hasRoom,
  );
});

/** Asks as a client does that waits for a slow call, of a peer that answers at once. */
async function askedInVain(times: number): Promise<readonly boolean[]> {
  const answers: boolean[] = [];
  for (let turn = 0; turn < times; turn += 1) {
    const alive = signs.ask(300);
    answer?.();
    answer = undefined;
    await clock.advance(300);
    answers.push(await alive);
  }
  return answers;
}

describe('a session that stands', () => {
  beforeEach(() => signs.begin(session));

  test('is pinged no more often than servers bear, and asked by streams in between', async () => {
    const answers = await askedInVain(6);
    expect(new Set(answers)).toEqual(new Set([true]));
    expect(asked.map((one) => one.split(' ')[0])).toEqual(['ping', 'ping', 'stream', 'ping', 'stream', 'ping']);
  });

  test('is asked by pings alone where each follows a stream of a call', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      signs.streamOpened();
      expect(await askedInVain(1)).toEqual([true]);
    }
    expect(asked.every((one) => one.startsWith('ping'))).toBe(true);
  });

  test('that may not be asked now lives where it did a few seconds ago, and not for ever', async () => {
    hasRoom = false;
    expect(await askedInVain(3)).toEqual([true, true, true]);
    expect(asked).toHaveLength(2);
    await clock.advance(6_000);
    const silent = signs.ask(300);
    await clock.advance(300);
    expect(await silent).toBe(false);
    expect(asked).toHaveLength(3);
  });

  test('is asked once while it has not answered, and whatever is read counts', async () => {
    const first = signs.ask(500);
    await clock.advance(400);
    const second = signs.ask(300);
    bytes = 1;
    const third = signs.ask(300);
    await clock.advance(300);
    expect(await Promise.all([first, second, third])).toEqual([true, true, false]);
    expect(asked).toHaveLength(1);
  });
});

test('standing is a sign to whoever asked before, and the end is none', async () => {
  const early = signs.ask(1_000);
  signs.begin(session);
  expect(await early).toBe(true);
  const late = signs.ask(1_000);
  signs.end();
  expect(await late).toBe(false);
  expect(clock.pending).toBe(0);
});
