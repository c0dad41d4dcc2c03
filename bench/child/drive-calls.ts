import assert from 'node:assert/strict';
import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { Histogram } from '@tenon/testing/histogram';
import type { Connected, Contestant, Serving } from '../contestants/contestant.js';
import { handlers } from '../workload/handlers.js';
import { invalidRequests, type PayloadName, type Records, requests, type Small } from '../workload/payloads.js';
import { between, countsBetween, edge } from './edge.js';
import type { Figures } from './figures.js';
import type { Load, Task } from './orders.js';
import { warmUp } from './warm-up.js';

/**
 * A closed loop: each caller sends its next request when it has the answer to the last; or calls by the clock, where a load has a rate.
 * Answers are compared whole before anything is measured, and looked at one by one while it is.
 */
export async function driveCalls(
  contestant: Contestant,
  address: string,
  task: Extract<Task, { kind: 'calls' }>,
  serving: Serving | undefined,
): Promise<Figures> {
  const connected = await contestant.connect(address);
  const crowds = task.loads.map((load) => new Crowd(callOf(connected, load.payload), load, contestant.refuses));
  for (const crowd of crowds) await crowd.verify();
  const counts = () => ({ ...connected.counts?.(), ...serving?.counts?.() });

  await warmUp((forMs) => all(crowds, forMs), task.warmupMs);
  const from = await edge(counts);
  for (const crowd of crowds) crowd.forget();
  const began = performance.now();
  await all(crowds, task.windowMs);
  const seconds = (performance.now() - began) / 1_000;
  const to = await edge(counts);
  await connected.close();

  const calls = sum(crowds.map(({ sent }) => sent));
  return {
    ...between(from, to, calls),
    seconds,
    rates: crowds.map(({ sent }) => sent / seconds),
    latencies: crowds.map(({ latency }) => latency),
    ...(contestant.refuses === undefined
      ? {}
      : { checked: { calls, refused: sum(crowds.map(({ refused }) => refused)), parts: countsBetween(from, to) } }),
  };
}

function all(crowds: readonly Crowd[], forMs: number): Promise<unknown> {
  return Promise.all(crowds.map((crowd) => crowd.run(forMs)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}

/** One call of one size: its request, the answer it must get, and a look at an answer that costs nearly nothing. */
interface Sized {
  readonly call: (request: unknown) => Promise<unknown>;
  readonly request: unknown;
  readonly answer: unknown;
  readonly isPlausible: (answer: unknown) => boolean;
}

function callOf(connected: Connected, payload: PayloadName): Sized {
  const { small, records } = connected;
  if (payload === 'small') {
    if (small === undefined) throw new Error('this contestant has no endpoint `small`');
    const request = requests.small;
    const answer = handlers.small(request);
    const isPlausible = (got: unknown): boolean => (got as Small).n === answer.n;
    return { call: (value) => small(value as Small), request, answer, isPlausible };
  }
  if (records === undefined) throw new Error('this contestant has no endpoint `records`');
  const request = requests[payload];
  const answer = handlers.records(request);
  const last = answer.items.length - 1;
  const isPlausible = (got: unknown): boolean => (got as Records).items[last]?.id === answer.items[last]?.id;
  return { call: (value) => records(value as Records), request, answer, isPlausible };
}

/** The callers of one load. */
class Crowd {
  sent = 0;
  refused = 0;
  #histogram = new Histogram();
  #isOver = false;

  constructor(
    private readonly sized: Sized,
    private readonly load: Load,
    private readonly refuses: ((error: unknown) => boolean) | undefined,
  ) {}

  async verify(): Promise<void> {
    // Some decoders give objects of classes of their own; what counts is what stands in them.
    assert.deepEqual(plain(await this.sized.call(this.sized.request)), this.sized.answer);
    if (this.refuses !== undefined) await this.#callInvalid();
  }

  forget(): void {
    this.sent = 0;
    this.refused = 0;
    this.#histogram = new Histogram();
  }

  get latency() {
    const { p50, p99, p999 } = { p50: 0.5, p99: 0.99, p999: 0.999 };
    const at = (share: number): number => this.#histogram.quantile(share);
    return { p50: at(p50), p99: at(p99), p999: at(p999) };
  }

  async run(forMs: number): Promise<void> {
    const { inFlight, rate } = this.load;
    if (rate !== undefined) return this.#byTheClock(forMs, rate);
    const end = performance.now() + forMs;
    this.#isOver = false;
    const timer = setTimeout(() => {
      this.#isOver = true;
    }, forMs);
    await Promise.all(Array.from({ length: inFlight }, () => this.#caller(end)));
    clearTimeout(timer);
  }

  /** Sends what is due each millisecond, or as soon after it as this process has its turn, and waits for all answers. */
  async #byTheClock(forMs: number, rate: number): Promise<void> {
    const began = performance.now();
    const underWay = new Set<Promise<void>>();
    let due = 0;
    for (let elapsedMs = 0; elapsedMs < forMs; elapsedMs = performance.now() - began) {
      for (; due < (elapsedMs * rate) / 1_000 && underWay.size < this.load.inFlight; due += 1) {
        const call = this.#timedCall().finally(() => underWay.delete(call));
        underWay.add(call);
      }
      await wait(1);
    }
    await Promise.all(underWay);
  }

  async #timedCall(): Promise<void> {
    const began = performance.now();
    if (!this.sized.isPlausible(await this.sized.call(this.sized.request))) throw wrongAnswer();
    this.#histogram.record(performance.now() - began);
    this.sent += 1;
  }

  /**
   * What the loop itself costs is in everybody's figures and brings them closer together than they are. Its dearest part is
   * the clock (40 ns beside 3 for the histogram), so of fast contestants only some calls are timed.
   */
  async #caller(end: number): Promise<void> {
    const { call, request, isPlausible } = this.sized;
    const histogram = this.#histogram;
    while (!this.#isOver) {
      this.sent += 1;
      if (this.sent % 1_000 === 0 && this.refuses !== undefined) await this.#callInvalid();
      else if (this.sent > timedOneByOne && this.sent % stride !== 0) {
        if (!isPlausible(await call(request))) throw wrongAnswer();
      } else {
        const times = this.sent > timedOneByOne ? stride : 1;
        const began = performance.now();
        if (!isPlausible(await call(request))) throw wrongAnswer();
        const ended = performance.now();
        histogram.record(ended - began, times);
        // Calls that never leave the process can keep it from its timers.
        if (ended >= end) this.#isOver = true;
      }
    }
  }

  async #callInvalid(): Promise<void> {
    try {
      await this.sized.call(invalidRequests[this.load.payload]);
    } catch (error) {
      if (this.refuses?.(error) !== true) throw error;
      this.refused += 1;
      return;
    }
    throw new Error('an invalid request was answered');
  }
}

function wrongAnswer(): Error {
  return new Error('an answer is not what it must be');
}

/** So many calls of a window are timed each: all of a slow contestant's, enough for its p99.9. */
const timedOneByOne = 10_000;
/** Of those after them one in so many, which counts for all of these. No divisor of a number of callers, so that it is not always the same caller's. */
const stride = 17;

/** Without prototypes, and without what a decoder notes about its types (`$typeName`). */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner: unknown) => (key.startsWith('$') ? undefined : inner)));
}
