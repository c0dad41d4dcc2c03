import { type OpenLoopLoadOptions, type ResolvedLoadOptions, resolveLoadOptions } from './load-options.js';
import type { LoadResult } from './load-result.js';
import { LoadTally } from './load-tally.js';

/**
 * Calls at a steady rate, whatever becomes of them: a slow answer does not hold up the next call, and latency counts from the
 * time at which a call was to be sent. So what a stall costs everybody who would have called meanwhile is in the figures
 * (no coordinated omission). A generator that is itself late measures nothing, and says so: `voidBecause`.
 *
 * @example
 * const load = new OpenLoopLoad({ rate: 500, durationMs: 10_000, call: (n) => client.hello({ name: `caller ${n}` }) });
 * const { failed, latencyMs } = await load.run();
 */
export class OpenLoopLoad {
  readonly #options: ResolvedLoadOptions;
  readonly #tally: LoadTally;
  readonly #intended: number;
  readonly #underWay = new Map<number, number>();
  #beganAt = 0;
  #next = 0;
  #heldBack = 0;
  #mostInFlight = 0;
  #lagMs = 0;
  #lagAtMs = 0;
  #wasStopped = false;
  #wake: () => void = () => {};

  /** Throws `InvalidArgument` that names an option out of range. */
  constructor(options: OpenLoopLoadOptions) {
    this.#options = resolveLoadOptions(options);
    this.#tally = new LoadTally(this.#options.intervalMs);
    this.#intended = Math.max(1, Math.floor((this.#options.rate * this.#options.durationMs) / 1_000));
  }

  /** How many calls have begun, and how many are under way. */
  get progress(): { readonly sent: number; readonly inFlight: number; readonly failed: number } {
    return { sent: this.#next - this.#heldBack, inFlight: this.#underWay.size, failed: this.#tally.failed };
  }

  /** Begins no more calls; `run` resolves when those under way have ended. */
  stop(): void {
    this.#wasStopped = true;
    this.#wake();
  }

  /** Runs the load, once. Never rejects for what a call does. */
  async run(): Promise<LoadResult> {
    const { clock, settleMs } = this.#options;
    // The clock's timers keep no process alive, and a load that is waited for should.
    const alive = setInterval(() => {}, 2 ** 30);
    try {
      this.#beganAt = clock.now();
      while (this.#next < this.#intended && !this.#wasStopped) {
        this.#sendDue();
        if (this.#next < this.#intended) await this.#atMost(this.#intendedAt(this.#next) - clock.now());
      }
      const end = clock.now() + settleMs;
      while (this.#underWay.size > 0 && clock.now() < end) await this.#atMost(end - clock.now());
      for (const [call, atMs] of this.#underWay) this.#leave(call, atMs);
      return this.#result();
    } finally {
      clearInterval(alive);
    }
  }

  #intendedAt(call: number): number {
    return this.#beganAt + (call * 1_000) / this.#options.rate;
  }

  #sendDue(): void {
    const { clock, maxInFlight } = this.#options;
    for (let now = clock.now(); this.#next < this.#intended && this.#intendedAt(this.#next) <= now; now = clock.now()) {
      const call = this.#next;
      this.#next += 1;
      const intendedAt = this.#intendedAt(call);
      if (now - intendedAt > this.#lagMs) {
        this.#lagMs = now - intendedAt;
        this.#lagAtMs = intendedAt - this.#beganAt;
      }
      if (this.#underWay.size >= maxInFlight) this.#heldBack += 1;
      else this.#send(call, intendedAt);
    }
  }

  #send(call: number, intendedAt: number): void {
    this.#underWay.set(call, intendedAt - this.#beganAt);
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#underWay.size);
    let answer: Promise<unknown>;
    try {
      answer = this.#options.call(call);
    } catch (thrown) {
      answer = Promise.reject(thrown);
    }
    answer.then(
      () => this.#ended(call, (atMs, elapsedMs) => this.#tally.ok(atMs, elapsedMs)),
      (thrown) => this.#ended(call, (atMs, elapsedMs) => this.#tally.fail(call, atMs, elapsedMs, thrown)),
    );
  }

  #ended(call: number, count: (atMs: number, elapsedMs: number) => void): void {
    const atMs = this.#underWay.get(call);
    // One that nobody waited for any longer has been counted.
    if (atMs === undefined) return;
    this.#underWay.delete(call);
    count(atMs, this.#options.clock.now() - this.#beganAt - atMs);
    if (this.#underWay.size === 0 && (this.#next >= this.#intended || this.#wasStopped)) this.#wake();
  }

  #leave(call: number, atMs: number): void {
    const unfinished = new Error(`had not ended ${this.#options.settleMs} ms after the last call was sent`);
    unfinished.name = 'Unfinished';
    this.#underWay.delete(call);
    this.#tally.fail(call, atMs, this.#options.clock.now() - this.#beganAt - atMs, unfinished);
  }

  /** Waits so long, or until woken. */
  #atMost(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(Math.max(0, ms), resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  #result(): LoadResult {
    const { clock } = this.#options;
    const { succeeded, failed, latencyMs, failures, intervals } = this.#tally;
    const voidBecause = this.#voidBecause();
    return {
      ...(voidBecause === undefined ? {} : { voidBecause }),
      intended: this.#intended,
      sent: this.#next - this.#heldBack,
      succeeded,
      failed,
      heldBack: this.#heldBack,
      maxInFlight: this.#mostInFlight,
      lagMs: this.#lagMs,
      lagAtMs: this.#lagAtMs,
      latencyMs,
      failures,
      intervals,
      elapsedMs: clock.now() - this.#beganAt,
    };
  }

  #voidBecause(): string | undefined {
    const { maxLagMs, maxInFlight } = this.#options;
    const at = `${Math.round(this.#lagAtMs)} ms after the beginning`;
    const late = `a call was sent ${this.#lagMs.toFixed(1)} ms later than intended (${at}), and ${maxLagMs} ms is the bound`;
    const full = `${this.#heldBack} calls were held back because ${maxInFlight} were under way`;
    const reasons = [...(this.#lagMs > maxLagMs ? [late] : []), ...(this.#heldBack > 0 ? [full] : [])];
    return reasons.length === 0 ? undefined : reasons.join('; ');
  }
}
