import { type InterceptedCall, noMetadata } from '@tenon/contract';
import { expect, test, vi } from 'vitest';
import { FedMessages } from '../../test/fed-messages.js';
import { SeenCall, type SeenFacts } from './seen-call.js';

const facts: SeenFacts = Object.freeze({
  side: 'server',
  kind: 'bidi',
  service: 'greeter',
  endpoint: 'Greeter.Chat',
  value: undefined,
  messages: new FedMessages(),
  metadata: noMetadata,
  deadline: 1_000,
  peer: Object.freeze({ address: '127.0.0.1:5', transport: 'scripted' }),
});

function setUp() {
  const { signal } = new AbortController();
  const look = vi.fn(() => signal);
  const source = {
    get signal() {
      return look();
    },
  };
  return { signal, look, call: new SeenCall(facts, source) };
}

test('an interceptor sees the call as it is', () => {
  expect({ ...setUp().call }).toEqual(facts);
});

test('its signal comes from its source, which is asked only when somebody looks', () => {
  const { signal, look, call } = setUp();
  const copy: InterceptedCall = { ...(call as InterceptedCall), value: 'changed' };
  const handedOn = call.after(copy).with('decoded', undefined);
  expect([look.mock.calls.length, handedOn.value, handedOn.messages]).toEqual([0, 'decoded', undefined]);
  expect([call.signal, handedOn.signal]).toEqual([signal, signal]);
});

test('a call that is handed on as it is stays the same; a changed copy has the changes', () => {
  const { call } = setUp();
  expect(call.after(call)).toBe(call);
  const after = call.after({ ...(call as InterceptedCall), metadata: { 'x-a': '1' } });
  expect({ ...after }).toEqual({ ...facts, metadata: { 'x-a': '1' } });
});
