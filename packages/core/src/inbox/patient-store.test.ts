import { ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { InboxUnderTest } from '../../test/inbox-under-test.js';

const holdMs = 3_000;
const inbox = { holdMs };
const away = 'the store of the inbox does not answer; events wait until it does';

function setUp(handle: () => unknown = () => {}) {
  const under = new InboxUnderTest();
  const effects: string[] = [];
  const member = under.member(
    () => {
      effects.push('effect');
      return handle();
    },
    { inbox },
  );
  return { under, clock: under.clock, effects, member };
}

describe('while the store is away', () => {
  test('an event waits for it, however long, and is then handled', async () => {
    const { under, clock, effects, member } = setUp();
    member.isCut = true;
    const events = [member.gets('1'), member.gets('2')];
    await clock.advance(100 * holdMs);
    expect(effects).toEqual([]);
    member.isCut = false;
    await clock.advance(5_000);
    await Promise.all(events);
    expect(effects).toEqual(['effect', 'effect']);
    expect(under.logger.complaints.map(({ message }) => message)).toEqual([away]);
    expect(clock.pending).toBe(0);
  });

  test('an event stops waiting for it when its server stops', async () => {
    const { clock, effects, member } = setUp();
    member.isCut = true;
    const failing = failureOf(member.gets('1'));
    await clock.advance(10_000);
    member.cancelAll();
    expect(await failing).toMatchObject({ code: 'Canceled' });
    await clock.advance(0);
    expect([effects, clock.pending]).toEqual([[], 0]);
  });

  test('what was handled is noted as soon as it is back', async () => {
    const effect = deferred();
    const { under, clock, effects, member } = setUp(() => effect.promise);
    const event = member.gets('1');
    await clock.advance(0);
    member.isCut = true;
    effect.resolve();
    await clock.advance(holdMs / 2);
    member.isCut = false;
    await clock.advance(2_500);
    await event;
    await member.gets('1');
    expect(effects).toEqual(['effect']);
    expect([under.meter.total('tenon.inbox.unnoted'), clock.pending]).toEqual([0, 0]);
  });

  test('what was handled is acknowledged unnoted after holdMs, counted and told', async () => {
    const effect = deferred();
    const { under, clock, effects, member } = setUp(() => effect.promise);
    const event = member.gets('1');
    await clock.advance(0);
    member.isCut = true;
    effect.resolve();
    await clock.advance(holdMs + 2_000);
    await event;
    expect(effects).toEqual(['effect']);
    expect(under.meter.values('tenon.inbox.unnoted', { subscription: 'Greeter.onUserCreated' })).toEqual([1]);
    expect(under.logger.complaints.at(-1)).toMatchObject({
      level: 'error',
      fields: { key: 'queue mails\nuser.created\n1' },
    });
    expect(clock.pending).toBe(0);
  });

  test('an event whose handler fails is handed back all the same, and free after holdMs', async () => {
    const { clock, member } = setUp(() => {
      member.isCut = true;
      throw new Error('it did not work');
    });
    await expect(member.gets('1')).rejects.toThrow('it did not work');
    member.isCut = false;
    const again = expect(member.gets('1')).rejects.toThrow('it did not work');
    await clock.advance(holdMs);
    await again;
    expect(clock.pending).toBe(0);
  });
});

describe('where an answer of the store is lost', () => {
  test('an event is handled at once by the one who holds it without knowing', async () => {
    const { clock, effects, member } = setUp();
    member.unanswered = 1;
    const event = member.gets('1');
    await clock.advance(200);
    await event;
    expect([effects, clock.pending]).toEqual([['effect'], 0]);
  });

  test('a note is found to be there', async () => {
    const effect = deferred();
    const { clock, effects, member } = setUp(() => effect.promise);
    const event = member.gets('1');
    await clock.advance(0);
    member.unanswered = 1;
    effect.resolve();
    await clock.advance(200);
    await event;
    await member.gets('1');
    expect(effects).toEqual(['effect']);
  });
});

test('a store that refuses is no reason to wait: the event is handed back with what it said', async () => {
  const { clock, effects, member } = setUp();
  member.refusal = new ServiceError('PermissionDenied', 'not your bucket');
  expect(await failureOf(member.gets('1'))).toBe(member.refusal);
  expect([effects, clock.pending]).toEqual([[], 0]);
});
