import type { App, Publisher, PublishOptions } from 'tenon';
import { expectTypeOf, test } from 'vitest';
import { CheckedIn } from './reception.js';

// Held by tsc, as all tests of this folder: see client-of.test.ts.
const publisher = {} as Publisher<CheckedIn>;
const app = {} as App;

const event = { room: 7, guest: { name: 'Ada' } };

test('an event is published as a plain object or an instance', () => {
  void (() => publisher.publish(event));
  void ((instance: CheckedIn) => publisher.publish(instance));
  expectTypeOf(publisher.publish).returns.toEqualTypeOf<Promise<void>>();
});

test('an event that lacks something, or has something else, is refused', () => {
  // @ts-expect-error guest is missing
  void (() => publisher.publish({ room: 7 }));
  // @ts-expect-error room is a number
  void (() => publisher.publish({ ...event, room: 'seven' }));
  // @ts-expect-error a field further in is missing
  void (() => publisher.publish({ room: 7, guest: {} }));
  // @ts-expect-error unknown
  void (() => publisher.publish({ ...event, floor: 1 }));
  // @ts-expect-error an event there must be
  void (() => publisher.publish());
});

test('its options are those of PublishOptions', () => {
  expectTypeOf(publisher.publish).parameter(1).toEqualTypeOf<PublishOptions | undefined>();
  void (() => publisher.publish(event, { id: 'e-1', metadata: { tenant: 't1' }, contentType: 'application/json' }));
  // @ts-expect-error metadata are strings
  void (() => publisher.publish(event, { metadata: { tenant: 1 } }));
  // @ts-expect-error an option of calls, not of events
  void (() => publisher.publish(event, { timeoutMs: 500 }));
});

test('an app hands out publishers by class', () => {
  void (() => expectTypeOf(app.publisher(CheckedIn)).toEqualTypeOf<Publisher<CheckedIn>>());
  // @ts-expect-error a topic says nothing about its events
  void (() => app.publisher('reception.checked-in'));
  // @ts-expect-error another event
  void ((): Publisher<{ name: string }> => app.publisher(CheckedIn));
});
