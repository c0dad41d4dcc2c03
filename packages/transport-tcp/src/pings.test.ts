import { FakeClock } from '@tenon/testing/fake-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import type { FrameWriter } from './frame-writer.js';
import { Pings } from './pings.js';
import { ProtocolViolation } from './protocol-violation.js';

let clock: FakeClock;
/** What was sent: the type of the frame, and when. */
let sent: [type: number, at: number][];
let pings: Pings;

beforeEach(() => {
  clock = new FakeClock();
  sent = [];
  const writer = { sendNow: (type: number) => sent.push([type, clock.now()]) };
  pings = new Pings(clock, writer as unknown as FrameWriter);
});

function never(): boolean {
  return false;
}

describe('asking', () => {
  test('sends one PING, and no other before that one is answered', async () => {
    const answers = [pings.ask(1_000, never), pings.ask(2_000, never)];
    await clock.advance(1_500);
    const third = pings.ask(1_000, never);
    expect(sent).toEqual([[4, 0]]);
    pings.heard();
    pings.answered(8);
    expect(await Promise.all([...answers, third])).toEqual([false, true, true]);
    expect(clock.pending).toBe(0);
  });

  test('again leaves 300 ms between two', async () => {
    for (const at of [0, 300, 600]) {
      const alive = pings.ask(1_000, never);
      await clock.advance(1);
      if (at > 0) await clock.advance(299);
      expect(sent.at(-1)).toEqual([4, at]);
      pings.heard();
      pings.answered(8);
      expect(await alive).toBe(true);
    }
  });

  test('does not send what nobody waits for any more', async () => {
    const first = pings.ask(1_000, never);
    pings.heard();
    pings.answered(8);
    const second = pings.ask(100, never);
    await clock.advance(1_000);
    expect([await first, await second]).toEqual([true, false]);
    expect(sent).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test('is answered by what this side has not read, and by nothing once it has stopped', async () => {
    const unread = pings.ask(100, () => true);
    await clock.advance(100);
    expect(await unread).toBe(true);
    const late = pings.ask(60_000, () => true);
    pings.stop();
    expect(await late).toBe(false);
    expect(clock.pending).toBe(0);
  });
});

describe('being asked', () => {
  test.each([200, 10_000])('each %d ms is legal for ever', (gapMs) => {
    for (let count = 0; count < 100; count += 1) pings.taken(Buffer.alloc(8), count * gapMs);
    expect(sent).toHaveLength(100);
  });

  test('four times in a row within less is not', () => {
    for (const at of [0, 199, 398]) pings.taken(Buffer.alloc(8), at);
    expect(() => pings.taken(Buffer.alloc(8), 597)).toThrow(ProtocolViolation);
  });

  test('an answer to nothing is not', () => {
    expect(() => pings.answered(8)).toThrow(ProtocolViolation);
  });
});
