import { ServiceError } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { type Deferred, deferred } from '../../test/deferred.js';
import { failureOf } from '../../test/failure-of.js';
import { InboxUnderTest, type Member } from '../../test/inbox-under-test.js';
import { callContext } from '../context/index.js';

const holdMs = 3_000;

/** A member whose handlers end when the test says so, and another one that counts what it handles. */
function setUp() {
  const under = new InboxUnderTest();
  const runs: Deferred<void>[] = [];
  const signals: AbortSignal[] = [];
  const slow = under.member(
    () => {
      const run = deferred();
      runs.push(run);
      signals.push(callContext().signal);
      return run.promise;
    },
    { inbox: { holdMs } },
  );
  const effects: string[] = [];
  const other = under.member(() => void effects.push('n2'), { node: 'n2', inbox: { holdMs } });
  const settled: string[] = [];
  const begin = (member: Member, name: string): Promise<void> =>
    member.gets('1').then(
      () => void settled.push(`${name} acknowledged`),
      () => void settled.push(`${name} handed back`),
    );
  return { ...under, under, clock: under.clock, runs, signals, slow, other, effects, settled, begin };
}

describe('an event that somebody else handles', () => {
  test('waits, and is acknowledged unhandled once it was handled', async () => {
    const { clock, runs, slow, other, effects, settled, begin } = setUp();
    const both = [begin(slow, 'slow'), begin(other, 'other')];
    await clock.advance(10 * holdMs);
    expect([settled, effects]).toEqual([[], []]);
    runs[0]?.resolve();
    await clock.advance(holdMs / 10);
    await Promise.all(both);
    expect(settled).toEqual(['slow acknowledged', 'other acknowledged']);
    expect([effects, runs.length, clock.pending]).toEqual([[], 1, 0]);
  });

  test('is handled by whoever waits where the first one fails', async () => {
    const { clock, runs, slow, other, effects, settled, begin } = setUp();
    const both = [begin(slow, 'slow'), begin(other, 'other')];
    await clock.advance(100);
    runs[0]?.reject(new Error('it did not work'));
    await clock.advance(holdMs / 10);
    await Promise.all(both);
    expect([settled, effects]).toEqual([['slow handed back', 'other acknowledged'], ['n2']]);
    expect(clock.pending).toBe(0);
  });

  test('is taken over when nothing was heard of it for holdMs, and not before', async () => {
    const { under, clock, other, effects, settled, begin } = setUp();
    // A process that was killed while it handled the event.
    await under.table.write('queue mails\nuser.created\n1', { state: 'held', holder: 'dead' }, undefined, 0);
    const waiting = begin(other, 'other');
    await clock.advance(holdMs - 1);
    expect(effects).toEqual([]);
    await clock.advance(1);
    await waiting;
    expect([settled, effects, clock.pending]).toEqual([['other acknowledged'], ['n2'], 0]);
  });

  test('is taken over by one of those who wait', async () => {
    const { under, clock, other, effects, begin } = setUp();
    await under.table.write('queue mails\nuser.created\n1', { state: 'held', holder: 'dead' }, undefined, 0);
    const waiting = [begin(other, 'a'), begin(other, 'b'), begin(other, 'c')];
    await clock.advance(2 * holdMs);
    await Promise.all(waiting);
    expect(effects).toEqual(['n2']);
  });

  test('ends waiting when its server stops, and holds nothing', async () => {
    const { under, clock, runs, slow, other, settled, begin } = setUp();
    const holding = begin(slow, 'slow');
    await clock.advance(0);
    const waiting = begin(other, 'other');
    await clock.advance(100);
    other.cancelAll();
    await waiting;
    expect(settled).toEqual(['other handed back']);
    runs[0]?.resolve();
    await holding;
    expect([under.table.size, clock.pending]).toEqual([1, 0]);
  });
});

describe('a holder', () => {
  test('whose signs of life do not reach the store loses the event, and its signal says so', async () => {
    const { under, clock, runs, signals, slow, other, effects, begin } = setUp();
    const holding = begin(slow, 'slow');
    await clock.advance(0);
    slow.isCut = true;
    const waiting = begin(other, 'other');
    await clock.advance(holdMs);
    await waiting;
    expect(effects).toEqual(['n2']);
    slow.isCut = false;
    expect(signals[0]?.aborted).toBe(false);
    await clock.advance(holdMs / 3);
    expect(signals[0]?.reason).toMatchObject({ code: 'Aborted' });
    expect(under.logger.complaints.map(({ message }) => message)).toContain(
      'an event is handled by somebody else too: no sign of life reached the store',
    );
    // What it then says changes nothing.
    runs[0]?.reject(new ServiceError('Aborted', 'given up'));
    await holding;
    await slow.gets('1');
    expect([runs.length, clock.pending]).toEqual([1, 0]);
  });

  test('keeps the event where the answer to one of its signs was lost', async () => {
    const { clock, runs, slow, other, effects, begin } = setUp();
    const holding = begin(slow, 'slow');
    await clock.advance(0);
    const waiting = begin(other, 'other');
    slow.unanswered = 1;
    await clock.advance(5 * holdMs);
    expect(effects).toEqual([]);
    runs[0]?.resolve();
    await clock.advance(holdMs);
    await Promise.all([holding, waiting]);
    expect([effects, runs.length, clock.pending]).toEqual([[], 1, 0]);
  });

  test('takes the event again where the store forgot it', async () => {
    const { under, clock, runs, slow, other, effects, begin } = setUp();
    const holding = begin(slow, 'slow');
    await clock.advance(0);
    under.table.remove('queue mails\nuser.created\n1', 1, 0);
    await clock.advance(holdMs / 3);
    const waiting = begin(other, 'other');
    await clock.advance(2 * holdMs);
    expect(effects).toEqual([]);
    runs[0]?.resolve();
    await clock.advance(holdMs);
    await Promise.all([holding, waiting]);
    expect(effects).toEqual([]);
  });

  test('whose handler fails lets go of the event, also where the answer to a sign was lost', async () => {
    const { under, clock, runs, slow, settled, begin } = setUp();
    const holding = begin(slow, 'slow');
    await clock.advance(0);
    slow.unanswered = 1;
    await clock.advance(holdMs / 3);
    runs[0]?.reject(new Error('it did not work'));
    await holding;
    expect([settled, under.table.size, clock.pending]).toEqual([['slow handed back'], 0, 0]);
  });

  test('whose server stopped before the store answered lets go of the event', async () => {
    const { under, clock, runs, slow, other, effects, settled, begin } = setUp();
    const answer = deferred();
    slow.answersAfter = answer.promise;
    const beginning = begin(slow, 'slow');
    await clock.advance(0);
    expect(under.table.size).toBe(1);
    slow.cancelAll();
    await beginning;
    answer.resolve();
    await clock.advance(0);
    expect([settled, runs.length, under.table.size]).toEqual([['slow handed back'], 0, 0]);
    await other.gets('1');
    expect(effects).toEqual(['n2']);
  });
});

test('an error of a handler passes as it is', async () => {
  const under = new InboxUnderTest();
  const wrong = new ServiceError('NotFound', 'no such user');
  expect(await failureOf(under.member(() => Promise.reject(wrong)).gets('1'))).toBe(wrong);
});
