import { openSync, writeSync } from 'node:fs';
import { callMetadata, Injectable, type InterceptedCall } from 'tenon';
import { SeenMeter } from './seen-meter.js';
import { type Stall, StallWatch } from './stall-watch.js';

/** How the target behaves towards every call, until told otherwise. */
export interface TargetSettings {
  /** Each call waits so long. Default 0. */
  readonly delayMs?: number;
  /** Each call computes so long, which blocks the loop. Default 0. */
  readonly burnMs?: number;
  /** This share of attempts waits so long instead of `delayMs`. Default 0 and 1,000. */
  readonly slowShare?: number;
  readonly slowMs?: number;
  /** Of a dependency that serves so many calls at once; others wait in line, each then for `delayMs`. Default: no such thing. */
  readonly slots?: number;
  /** This share of calls fails, with that code. Default 0 and `Unavailable`. */
  readonly failShare?: number;
  readonly failCode?: string;
  /** What failures say about execution. Default `no` where they fail at once. */
  readonly failExecuted?: 'no' | 'maybe' | 'yes';
}

/** What a node has seen and is. */
export interface TargetReport {
  /** Calls that arrived, repeated ones each time, whatever became of them. */
  readonly arrivals: number;
  /** The same by the number of the attempt that the caller said. */
  readonly arrivalsByAttempt: Readonly<Record<string, number>>;
  /** Calls that the handler took in hand. */
  readonly executions: number;
  readonly inHand: number;
  readonly mostInHand: number;
  /** Calls that were made to wait by `slowShare`. */
  readonly slow: number;
  readonly rssBytes: number;
  /** The most that it ever was. */
  readonly mostRssBytes: number;
  readonly heapBytes: number;
  /** CPU time of the process since it began. */
  readonly cpuMicros: number;
  /** Of its event loop since the last report. */
  readonly longestStall: Stall;
}

/** A call whose handler felt that nobody waits for it any longer. */
export interface FeltCancel {
  readonly id: string;
  /** In milliseconds since 1970, with fractions: comparable between processes. */
  readonly atEpochMs: number;
}

/** What one node does, and what it has counted. Each execution is written down at once, so that a SIGKILL cannot hide it. */
@Injectable()
export class TargetState {
  settings: TargetSettings = {};
  readonly node: string;
  /** What the node is measured with. */
  readonly meter = new SeenMeter();
  readonly #journal: number;
  readonly #arrivalsByAttempt: Record<string, number> = {};
  #arrivals = 0;
  #executions = 0;
  #inHand = 0;
  #mostInHand = 0;
  #slow = 0;
  readonly #cancels: FeltCancel[] = [];
  #slotsTaken = 0;
  readonly #line: (() => void)[] = [];
  readonly #stalls = new StallWatch();

  /** @param journal - a file that gets one line, the call's id, for each execution. */
  constructor(node: string, journal: string) {
    this.node = node;
    this.#journal = openSync(journal, 'a');
  }

  /** Resolves when it is a call's turn with the dependency, which {@link giveSlot} ends. */
  async takeSlot(slots: number): Promise<void> {
    while (this.#slotsTaken >= slots) await new Promise<void>((resolve) => this.#line.push(resolve));
    this.#slotsTaken += 1;
  }

  giveSlot(): void {
    this.#slotsTaken -= 1;
    this.#line.shift()?.();
  }

  arrived(call: InterceptedCall): void {
    const attempt = call.metadata[callMetadata.attempt] ?? '1';
    this.#arrivals += 1;
    this.#arrivalsByAttempt[attempt] = (this.#arrivalsByAttempt[attempt] ?? 0) + 1;
  }

  began(id: string): void {
    writeSync(this.#journal, `${id}\n`);
    this.#executions += 1;
    this.#inHand += 1;
    this.#mostInHand = Math.max(this.#mostInHand, this.#inHand);
  }

  ended(): void {
    this.#inHand -= 1;
  }

  /** How long a call is to wait that asks for so long itself. */
  delayMsFor(askedMs: number | undefined): number {
    const { delayMs = 0, slowShare = 0, slowMs = 1_000 } = this.settings;
    if (slowShare === 0 || Math.random() >= slowShare) return askedMs ?? delayMs;
    this.#slow += 1;
    return slowMs;
  }

  canceled(id: string): void {
    this.#cancels.push({ id, atEpochMs: performance.timeOrigin + performance.now() });
  }

  /** Calls that were cancelled while their handler waited, in order. */
  get cancels(): readonly FeltCancel[] {
    return this.#cancels;
  }

  report(): TargetReport {
    const { rss, heapUsed } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    return {
      arrivals: this.#arrivals,
      arrivalsByAttempt: { ...this.#arrivalsByAttempt },
      executions: this.#executions,
      inHand: this.#inHand,
      mostInHand: this.#mostInHand,
      slow: this.#slow,
      rssBytes: rss,
      mostRssBytes: process.resourceUsage().maxRSS * 1_024,
      heapBytes: heapUsed,
      cpuMicros: user + system,
      longestStall: this.#stalls.take(),
    };
  }

  close(): void {
    this.#stalls.stop();
  }
}
