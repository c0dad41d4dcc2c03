import type { Figures } from '../child/figures.js';
import type { Message } from '../child/orders.js';
import { Child, usageOf } from '../harness/child.js';
import { onePort, type Protocol } from './protocols.js';

/** How many callers a protocol has, each of which calls again when it has its answer; or how many calls a second it asks for. */
export interface Callers {
  readonly protocol: Protocol;
  readonly inFlight: number;
  readonly rate?: number;
}

export interface Timing {
  readonly warmupMs: number;
  readonly windowMs: number;
}

/** What came of it. */
export interface Rates {
  /** Calls a second, in the order of the callers. */
  readonly rates: readonly number[];
  /** How much of a processor the server used meanwhile: 1 is all of one. */
  readonly serverShare: number;
}

/**
 * Runs them all at once against one fresh server, each protocol in a process of its own. Their windows begin together: who is
 * warm waits for the others.
 */
export async function ratesOf(callers: readonly Callers[], { warmupMs, windowMs }: Timing): Promise<Rates> {
  const server = new Child('server', { module: onePort }, []);
  const clients: Child[] = [];
  try {
    const { address } = await server.line<{ readonly address: string }>(startMs);
    const looks: Look[] = [];
    const together = new Barrier(callers.length, async () => {
      const { cpuMicros } = await usageOf(server, false);
      looks.push({ cpuMicros, atMs: performance.now() });
    });
    const figures = callers.map(({ protocol, inFlight, rate }) => {
      const task = { kind: 'calls', loads: [{ payload: 'small', inFlight, rate }], warmupMs, windowMs } as const;
      const client = new Child('client', { module: protocol.module, address, task }, []);
      clients.push(client);
      client.onMessage((message) => {
        if (message.say === 'look') void together.reached().then(() => client.say(looked));
      });
      return client.line<Figures>(startMs + warmupMs * 10 + windowMs);
    });
    const rates = (await Promise.all(figures)).map(({ rates: [rate] }) => rate ?? Number.NaN);
    return { rates, serverShare: shareBetween(looks) };
  } finally {
    await Promise.all([...clients, server].map((child) => child.stop()));
  }
}

/** What the server had used when all windows began, or ended. */
interface Look {
  readonly cpuMicros: number;
  readonly atMs: number;
}

function shareBetween(looks: readonly Look[]): number {
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || first === last) return Number.NaN;
  return (last.cpuMicros - first.cpuMicros) / ((last.atMs - first.atMs) * 1_000);
}

/** Lets so many pass whenever so many have come, once `passing` is done. */
class Barrier {
  #waiting: (() => void)[] = [];

  constructor(
    private readonly count: number,
    private readonly passing: () => Promise<void>,
  ) {}

  reached(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length < this.count) return;
      const all = this.#waiting.splice(0);
      void this.passing().then(() => {
        for (const go of all) go();
      });
    });
  }
}

/** Nobody asks here what the server has used. */
const looked: Message = { say: 'looked', server: undefined, brokerCpuMicros: undefined };
const startMs = 30_000;
