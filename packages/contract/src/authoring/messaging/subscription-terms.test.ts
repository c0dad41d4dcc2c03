import { describe, expect, it } from 'vitest';
import type { BrokerCapabilities, LevelCapabilities, SubscribeOptions } from '../../broker.js';
import { checkedLevel, subscriptionTerms } from './subscription-terms.js';

const level: LevelCapabilities = { whileDown: 'buffers', patterns: true, replays: true, outlives: 'nothing' };
const both: BrokerCapabilities = { delivery: 'atMostOnce', levels: { atMostOnce: level, atLeastOnce: level } };
const poor: LevelCapabilities = { ...level, patterns: false, replays: false };
const core: BrokerCapabilities = { delivery: 'atMostOnce', levels: { atMostOnce: poor } };

describe('what a subscription asks for', () => {
  it('is filled with the documented defaults', () => {
    expect(subscriptionTerms('order.placed', { delivery: 'atLeastOnce', queue: 'mails' }, both)).toEqual({
      topic: 'order.placed',
      queue: 'mails',
      maxInFlight: 256,
      delivery: 'atLeastOnce',
      ackWaitMs: 30_000,
      maxAttempts: 5,
      backoff: { baseMs: 1_000, factor: 2, maxMs: 60_000, jitter: 0.5 },
      deadLetter: 'dead-letters.mails',
      ordered: false,
      startFrom: 'new',
    });
  });

  it.each<[SubscribeOptions, string | undefined]>([
    [{ delivery: 'atLeastOnce' }, 'dead-letters'],
    [{ delivery: 'atLeastOnce', queue: 'a.b' }, 'dead-letters.a.b'],
    [{ delivery: 'atLeastOnce', deadLetter: 'graveyard' }, 'graveyard'],
    [{ delivery: 'atLeastOnce', deadLetter: false }, undefined],
    [{ delivery: 'atMostOnce' }, undefined],
  ])('of %j the dead letters go to %s', (options, expected) => {
    expect(subscriptionTerms('order.placed', options, both).deadLetter).toBe(expected);
  });

  it.each<[SubscribeOptions, BrokerCapabilities, string]>([
    [
      { delivery: 'atLeastOnce' },
      core,
      '[FailedPrecondition] delivery "atLeastOnce" was asked for, and the broker has atMostOnce',
    ],
    [{ delivery: 'constructor' as never }, both, '[FailedPrecondition]'],
    [
      { ackWaitMs: 5_000 },
      both,
      "[FailedPrecondition] subscribe.ackWaitMs was given, which needs delivery: 'atLeastOnce'",
    ],
    [{ ordered: true }, both, '[FailedPrecondition] subscribe.ordered'],
    [{ startFrom: 'first' }, core, '[FailedPrecondition] subscribe.startFrom'],
    [
      { delivery: 'atLeastOnce', startFrom: { sequence: -1 } },
      both,
      '[InvalidArgument] subscribe.startFrom is {"sequence":-1}',
    ],
    [
      { delivery: 'atLeastOnce', startFrom: { timeMs: 1, sequence: 1 } as never },
      both,
      '[InvalidArgument] subscribe.startFrom',
    ],
    [{ queue: 'a b' }, both, '[InvalidArgument] subscribe.queue is "a b"'],
    [{ delivery: 'atLeastOnce', ordered: 'yes' as never }, both, '[InvalidArgument] subscribe.ordered is "yes"'],
    [{ maxInFlight: 0 }, both, '[InvalidArgument] subscribe.maxInFlight is 0'],
  ])('%j is refused', (options, capabilities, message) => {
    expect(() => subscriptionTerms('order.placed', options, capabilities)).toThrow(message);
  });

  it('a start that is none is told before that the broker has none', () => {
    const without = { ...both, levels: { atLeastOnce: poor } };
    const terms = (startFrom: unknown) => () =>
      subscriptionTerms('order.placed', { delivery: 'atLeastOnce', startFrom: startFrom as never }, without);
    expect(terms('last')).toThrow('[InvalidArgument]');
    expect(terms('first')).toThrow('[Unimplemented] subscribe.startFrom');
  });

  it('a pattern is refused where the level has none, and nothing is asked of what is no topic', () => {
    expect(() => subscriptionTerms('order.*', {}, core)).toThrow('[Unimplemented] the pattern order.*');
    expect(() => subscriptionTerms('order placed', {}, both)).toThrow('[InvalidArgument]');
    expect(subscriptionTerms('order.*', {}, both).topic).toBe('order.*');
  });

  it('the level of a publish is the broker’s unless another is named', () => {
    expect(checkedLevel(undefined, both)).toEqual(['atMostOnce', level]);
    expect(checkedLevel('atLeastOnce', both)).toEqual(['atLeastOnce', level]);
  });
});
