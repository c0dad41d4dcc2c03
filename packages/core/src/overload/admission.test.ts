import type { Priority, ServiceError } from '@tenon/contract';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { describe, expect, test } from 'vitest';
import { LoopByHand } from '../../test/loop-by-hand.js';
import { RecordingLogger } from '../../test/recording-logger.js';
import { telemetryOf } from '../telemetry/index.js';
import { Admission, type AdmittedCall } from './admission.js';
import type { Waiting } from './call-queue.js';
import { type ConcurrencyOptions, resolveConcurrencyOptions } from './concurrency-options.js';
import { type QueueOptions, resolveQueueOptions } from './queue-options.js';
import { Shedding } from './shedding.js';

const everybody = { address: '10.0.0.1:5000', transport: 'tenon/1' };

class Call implements AdmittedCall<Call> {
  readonly service = 'greeter';
  readonly endpoint = 'Greeter.Hello';
  readonly sender = everybody;
  waiting: Waiting<Call> | undefined = undefined;
  error: ServiceError | undefined;

  constructor(
    readonly name: string,
    readonly priority: Priority,
  ) {}
}

/** A thread whose calls take `takesMs` of its time each, or none and then stay until they are released. */
class Thread {
  readonly loop = new LoopByHand();
  readonly meter = new RecordingMeter();
  readonly logger = new RecordingLogger();
  readonly served: string[] = [];
  readonly refused: string[] = [];
  readonly admission: Admission<Call>;
  /** What others take of its time during each call, and have taken so far. */
  stealsMs = 0;
  #stolenMs = 0;
  #called = 0;

  constructor(
    readonly takesMs: number,
    concurrency: ConcurrencyOptions | number = {},
    queue: QueueOptions = {},
  ) {
    const telemetry = telemetryOf(this.meter);
    const parts = {
      queue: resolveQueueOptions(queue),
      concurrency: resolveConcurrencyOptions(concurrency),
      clock: this.loop,
      telemetry,
      shedding: new Shedding(telemetry, this.loop, this.logger),
      afterReads: this.loop.afterReads,
      stolenMs: () => this.#stolenMs,
    };
    this.admission = new Admission(parts, {
      serve: (call) => this.#serve(call),
      turnAway: (call, error) => {
        call.error = error;
        this.refused.push(call.name);
      },
    });
  }

  call(priority: Priority = 'normal', heardAt = this.loop.now()): Call {
    this.#called += 1;
    const call = new Call(`${priority[0]}${this.#called}`, priority);
    if (this.admission.enter(call, heardAt, this.loop.now())) this.#serve(call);
    return call;
  }

  calls(count: number, priority?: Priority): void {
    for (let made = 0; made < count; made += 1) this.call(priority);
  }

  #serve(call: Call): void {
    this.served.push(call.name);
    if (this.takesMs === 0) return;
    this.loop.spend(this.takesMs + this.stealsMs);
    this.#stolenMs += this.stealsMs;
    this.admission.release(undefined);
  }
}

describe('a call runs at once', () => {
  test('while the thread keeps up, and no turn of the event loop is asked for more than once in 5 ms', () => {
    const { loop, served, ...thread } = threadOf(0.1);
    for (let ms = 0; ms < 100; ms += 1) {
      thread.calls(1);
      loop.turn(0.9);
    }
    expect(served.length).toBe(100);
    expect(loop.turnsAsked).toBeLessThanOrEqual(20);
  });

  test('unless as many run as may: then it waits for one of them to end', () => {
    const { loop, served, admission, ...thread } = threadOf(0, 2);
    thread.calls(3);
    loop.turns(2);
    expect([served, admission.underWay]).toEqual([['n1', 'n2'], 2]);
    admission.release(undefined);
    loop.turn();
    expect([served, admission.underWay]).toEqual([['n1', 'n2', 'n3'], 2]);
  });

  test('unless it was heard more than 5 ms ago', () => {
    const { loop, served, ...thread } = threadOf(1);
    loop.spend(10);
    thread.call('normal', 4);
    expect(served).toEqual([]);
    thread.call('normal', 10);
    loop.turn();
    expect(served).toEqual(['n1', 'n2']);
  });

  test('unless this turn of the event loop has served others for 5 ms', () => {
    const { loop, served, ...thread } = threadOf(1);
    thread.calls(10);
    expect(served.length).toBe(6);
    loop.turn();
    expect(served.length).toBe(8);
    loop.turn();
    expect(served.length).toBe(10);
    thread.calls(1);
    expect(served.length).toBe(11);
  });
});

describe('a burst', () => {
  test('that is more than the queue holds is worked off where it stands, and nobody is turned away', () => {
    const { loop, served, refused, ...thread } = threadOf(1, {}, { maxCalls: 10 });
    thread.calls(60);
    for (let turn = 0; turn < 10; turn += 1) loop.turn();
    expect([served.length, refused]).toEqual([60, []]);
  });

  test('of calls that take no longer than refusing them is never turned away', () => {
    const { loop, served, refused, ...thread } = threadOf(0.02);
    for (let turn = 0; turn < 100; turn += 1) {
      thread.calls(500);
      loop.turn();
    }
    for (let turn = 0; turn < 20; turn += 1) loop.turn();
    expect([served.length, refused.length]).toEqual([50_000, 0]);
  });
});

test('a thread that was held up by one call turns none of the others away', () => {
  const { loop, served, refused, ...thread } = threadOf(1);
  thread.calls(10);
  loop.spend(2_000);
  thread.calls(10);
  for (let turn = 0; turn < 20; turn += 1) loop.turn();
  expect([served.length, refused]).toEqual([20, []]);
});

test('a thread that has a tenth of the processor turns nobody away that it would have served with all of it', () => {
  const thread = new Thread(1);
  thread.stealsMs = 9;
  for (let burst = 0; burst < 10; burst += 1) {
    thread.calls(64);
    for (let turn = 0; turn < 64; turn += 1) thread.loop.turn();
    thread.loop.spend(640);
  }
  expect([thread.served.length, thread.refused]).toEqual([640, []]);
});

test('calls that take long each may wait for each other', () => {
  const { loop, served, refused, ...thread } = threadOf(30);
  for (let turn = 0; turn < 30; turn += 1) {
    thread.calls(1);
    loop.turn();
    loop.turn();
  }
  thread.calls(20);
  for (let turn = 0; turn < 30; turn += 1) loop.turn();
  expect([served.length, refused]).toEqual([50, []]);
});

describe('four times as many calls as the thread can serve', () => {
  const underLoad = () => {
    const thread = threadOf(1);
    const waits: number[] = [];
    const end = thread.loop.now() + 3_000;
    let offered = 0;
    while (thread.loop.now() < end) {
      for (; offered < thread.loop.now() * 4; offered += 1) thread.call();
      thread.loop.turn(0.1);
    }
    const { meter } = thread;
    waits.push(...meter.values('tenon.server.queue_delay').slice(-3_000));
    return { ...thread, waits, offered };
  };

  test('are served as fast as it can, and those that are served have not waited long', () => {
    const { served, refused, waits, offered } = underLoad();
    expect(served.length).toBeGreaterThan(3_000 * 0.9);
    expect(refused.length).toBeGreaterThan(offered * 0.7);
    expect(Math.max(...waits)).toBeLessThan(10);
  });

  test('are counted, and told of in two lines, when it begins and a second after it ended', () => {
    const { loop, meter, logger, refused } = underLoad();
    expect(logger.lines.map(({ message }) => message)).toEqual(['the server has too much to do and turns calls away']);
    loop.turns(2_200);
    expect(logger.lines.map(({ message }) => message)).toEqual([
      'the server has too much to do and turns calls away',
      'the server turns no calls away any more',
    ]);
    expect(logger.lines[1]?.fields).toMatchObject({ queue_delay: refused.length });
    const labels = { service: 'greeter', endpoint: 'Greeter.Hello', reason: 'queue_delay', priority: 'normal' };
    expect(meter.total('tenon.server.shed', labels)).toBe(refused.length);
    expect(loop.pending).toBe(0);
  });

  test('leave critical calls alone, while there are no more of those than can be served', () => {
    const { loop, served, refused, ...thread } = threadOf(1);
    let offered = 0;
    let critical = 0;
    while (loop.now() < 3_000) {
      for (; offered < loop.now() * 6; offered += 1) thread.call('bulk');
      for (; critical < loop.now() / 2; critical += 1) thread.call('critical');
      loop.turn(0.1);
    }
    loop.turns(300);
    expect(refused.filter((name) => name.startsWith('c'))).toEqual([]);
    expect(served.filter((name) => name.startsWith('c')).length).toBe(critical);
  });
});

describe('a call that is turned away', () => {
  test('waited too long for others to end, and is told by what limit, that it did not run and why', () => {
    const { loop, refused, ...thread } = threadOf(0, 1);
    thread.calls(1);
    const call = thread.call();
    loop.turns(100);
    expect(refused).toEqual([]);
    loop.turns(4);
    expect(refused).toEqual(['n2']);
    expect(call.error).toMatchObject({ code: 'ResourceExhausted', executed: 'no', refusal: 'overloaded' });
    expect(call.error?.message).toMatch(/a call waited 10\d ms, longer than server.queue.targetMs and intervalMs/);
  });

  test('found the queue full of calls that are as important', () => {
    const { refused, meter, ...thread } = threadOf(0, 1, { maxCalls: 2 });
    thread.calls(3);
    const call = thread.call();
    expect([refused, call.waiting]).toEqual([['n4'], undefined]);
    expect(call.error?.message).toContain('2 calls wait already, as many as server.queue.maxCalls says');
    thread.call('critical');
    expect(refused).toEqual(['n4', 'n3']);
    expect(meter.total('tenon.server.shed', { reason: 'queue_full' })).toBe(2);
  });

  test('is not one that left by itself', () => {
    const { loop, served, refused, admission, ...thread } = threadOf(0, 1);
    thread.calls(1);
    admission.leave(thread.call());
    admission.release(undefined);
    loop.turns(200);
    expect([served, refused, loop.pending]).toEqual([['n1'], [], 0]);
  });
});

test('the limit follows the times of calls, and its gauge the limit', () => {
  const { loop, admission, meter, ...thread } = threadOf(0, { initial: 40 });
  const inHand = (count: number, tookMs: number): void => {
    thread.calls(count);
    loop.turn(tookMs);
    for (let call = 0; call < count; call += 1) admission.release(loop.now() - tookMs);
  };
  expect([admission.limit, admission.adapts, meter.newest('tenon.server.concurrency_limit')]).toEqual([40, true, 40]);
  for (let round = 0; round < 100; round += 1) inHand(15, 10);
  for (let round = 0; round < 20; round += 1) inHand(Math.min(40, admission.limit), 100);
  expect(admission.limit).toBeLessThan(25);
  expect(meter.newest('tenon.server.concurrency_limit')).toBe(admission.limit);
});

function threadOf(...init: ConstructorParameters<typeof Thread>) {
  const thread = new Thread(...init);
  const { loop, meter, logger, served, refused, admission } = thread;
  const call = thread.call.bind(thread);
  const calls = thread.calls.bind(thread);
  return { loop, meter, logger, served, refused, admission, call, calls };
}
