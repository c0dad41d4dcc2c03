import { type CallOptions, Client, noMetadata, ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { describe, expect, test, vi } from 'vitest';
import { failureOf } from '../../test/failure-of.js';
import { hello } from '../../test/greeter.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { ScriptedSelector } from '../../test/scripted-selector.js';
import { failing, replying, ScriptedTransport } from '../../test/scripted-transport.js';
import { callClient } from './call-client.js';
import type { ClientOptions } from './client-options.js';

function setUp(options: ClientOptions = {}) {
  const transport = new ScriptedTransport().answer('a:1', failing('NotFound', 'gone', { executed: 'yes' }));
  const meter = new RecordingMeter();
  const create = callClient(options).create as unknown as (...parts: unknown[]) => Client;
  const [clock, selector, logger] = [new FakeClock(), new ScriptedSelector(['a']), new RecordingLogger()];
  const client = create([transport], selector, undefined, [], undefined, [], clock, logger, undefined, meter);
  const call = (callOptions: CallOptions) => client.unary(hello, {}, callOptions);
  return { transport, meter, call };
}

describe('a fallback', () => {
  test('answers a call that failed, and is told why', async () => {
    const { meter, call } = setUp();
    const fallback = vi.fn(async () => 'from the cache');
    expect(await call({ fallback })).toEqual({ value: 'from the cache', metadata: noMetadata });
    expect(fallback.mock.calls).toMatchObject([[{ code: 'NotFound', endpoint: 'Greeter.Hello' }]]);
    expect(meter.total('tenon.client.fallbacks', { service: 'greeter', endpoint: 'Greeter.Hello' })).toBe(1);
  });

  test('is not asked where the call succeeds, which is heard of as ever', async () => {
    const { meter, transport, call } = setUp();
    transport.answer('a:1', replying('hi'));
    const [fallback, onReply] = [vi.fn(), vi.fn()];
    expect(await call({ fallback, onReply })).toMatchObject({ value: 'hi' });
    expect([fallback.mock.calls, onReply.mock.calls]).toEqual([[], [[noMetadata]]]);
    expect(meter.series('tenon.client.fallbacks')).toEqual([]);
  });

  test('fails the call where it throws, with what it throws', async () => {
    const { call } = setUp();
    const fallback = () => {
      throw new ServiceError('DataLoss', 'the cache is empty');
    };
    expect(await failureOf(call({ fallback }))).toMatchObject({ code: 'DataLoss', endpoint: 'Greeter.Hello' });
  });

  test('is not asked where the caller cancelled', async () => {
    const { transport, call } = setUp();
    const stop = new AbortController();
    transport.answer('a:1', () => {
      stop.abort();
      throw new ServiceError('Canceled', 'the caller left');
    });
    const fallback = vi.fn();
    expect(await failureOf(call({ fallback, signal: stop.signal }))).toMatchObject({ code: 'Canceled' });
    expect(fallback).not.toHaveBeenCalled();
  });

  test('is asked where a handler gave up on its own', async () => {
    const { transport, call } = setUp();
    transport.answer('a:1', failing('Canceled', 'given up', { executed: 'yes' }));
    expect(await call({ fallback: () => 'instead' })).toMatchObject({ value: 'instead' });
  });

  test('answers while a breaker is open', async () => {
    const { transport, call } = setUp({ breaker: { minCalls: 1 } });
    transport.answer('a:1', failing('Unavailable', 'out', { executed: 'yes', answered: true }));
    await failureOf(call({}));
    expect(await call({ fallback: (error) => error.rawMessage })).toMatchObject({
      value: expect.stringContaining('circuit breaker'),
    });
    expect(transport.calls).toHaveLength(1);
  });
});
