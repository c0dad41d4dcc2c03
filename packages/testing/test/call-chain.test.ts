import { anything, type ClientOf, Clock, callContext, Endpoint, InjectClient, Service, type ServiceError } from 'tenon';
import { afterEach, expect, test } from 'vitest';
import { Cluster, FakeClock } from '../src/index.js';

/** What each hop saw when it began: its name, the time, and how much of it was left. */
const seen: { readonly hop: string; readonly at: number; readonly leftMs: number }[] = [];
/** When each hop felt that the call had ended. */
const felt = new Map<string, number>();
const workMs = 60;
const latencyMs = 1;

/** Works for a while, whatever happens to the call meanwhile. */
async function work(hop: string, clock: Clock): Promise<void> {
  const { timeLeftMs: leftMs, signal } = callContext();
  seen.push({ hop, at: clock.now(), leftMs });
  signal.addEventListener('abort', () => felt.set(hop, clock.now()));
  await new Promise<void>((resolve) => void clock.after(workMs, resolve));
}

@Service('d')
class HopD {
  constructor(private readonly clock: Clock) {}

  @Endpoint({ request: anything, idempotent: true })
  async go(): Promise<{ done: boolean }> {
    await work('d', this.clock);
    return { done: true };
  }
}

@Service('c')
class HopC {
  constructor(
    private readonly clock: Clock,
    @InjectClient(HopD) private readonly next: ClientOf<HopD>,
  ) {}

  @Endpoint({ request: anything, idempotent: true })
  async go(): Promise<unknown> {
    await work('c', this.clock);
    return this.next.go({}, { timeoutMs: 60_000 });
  }
}

@Service('b')
class HopB {
  constructor(
    private readonly clock: Clock,
    @InjectClient(HopC) private readonly next: ClientOf<HopC>,
  ) {}

  @Endpoint({ request: anything, idempotent: true })
  async go(): Promise<unknown> {
    await work('b', this.clock);
    return this.next.go();
  }
}

@Service('a')
class HopA {
  constructor(
    private readonly clock: Clock,
    @InjectClient(HopB) private readonly next: ClientOf<HopB>,
  ) {}

  @Endpoint({ request: anything, idempotent: true })
  async go(): Promise<unknown> {
    await work('a', this.clock);
    return this.next.go();
  }
}

afterEach(() => {
  seen.length = 0;
  felt.clear();
});

/** Four services, each in an app of its own, and a caller. */
async function chain() {
  const clock = new FakeClock();
  const cluster = new Cluster({ clock, latencyMs });
  for (const service of [HopD, HopC, HopB, HopA]) await cluster.start({ services: [service] });
  const caller = await cluster.start();
  const call = (options: { timeoutMs: number; signal?: AbortSignal }): Promise<unknown> =>
    caller
      .client(HopA)
      .go({}, options)
      .catch((error: ServiceError) => error.code);
  return { clock, cluster, call };
}

test('each hop of a chain has less time than the one before, and all the work is done within it', async () => {
  const { clock, cluster, call } = await chain();
  await using _ = cluster;
  const reply = call({ timeoutMs: 2_000 });
  await clock.advance(1_000);
  expect(await reply).toEqual({ done: true });
  expect(seen.map(({ hop }) => hop)).toEqual(['a', 'b', 'c', 'd']);
  const left = seen.map(({ leftMs }) => leftMs);
  expect(left).toEqual([...left].sort((one, other) => other - one));
  expect(new Set(left).size).toBe(4);
});

test('no hop begins once the time is over, and each that works feels it', async () => {
  const { clock, cluster, call } = await chain();
  await using _ = cluster;
  const startedAt = clock.now();
  const reply = call({ timeoutMs: 150 });
  await clock.advance(1_000);
  expect(await reply).toBe('DeadlineExceeded');
  expect(seen.map(({ hop }) => hop)).toEqual(['a', 'b', 'c']);
  // What travels is the time left, so each hop adds how long its request was on the way.
  seen.forEach(({ at, leftMs }, hops) => {
    expect(leftMs).toBeGreaterThan(0);
    expect(at + leftMs).toBeLessThanOrEqual(startedAt + 150 + (hops + 1) * latencyMs);
  });
  for (const hop of 'abc') expect((felt.get(hop) ?? Number.NaN) - startedAt).toBeLessThanOrEqual(150 + 50);
});

test('a caller that leaves is felt by the last hop within 50 ms', async () => {
  const { clock, cluster, call } = await chain();
  await using _ = cluster;
  const stop = new AbortController();
  const reply = call({ timeoutMs: 5_000, signal: stop.signal });
  await clock.advance(3 * workMs + 20);
  expect(seen.map(({ hop }) => hop)).toEqual(['a', 'b', 'c', 'd']);
  const leftAt = clock.now();
  stop.abort();
  await clock.advance(50);
  expect(await reply).toBe('Canceled');
  for (const hop of 'abcd') expect((felt.get(hop) ?? Number.NaN) - leftAt).toBeLessThanOrEqual(50);
});
