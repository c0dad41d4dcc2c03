import type { Figures } from '../child/figures.js';
import type { Message } from '../child/orders.js';
import { Child } from '../harness/child.js';
import { onePort, type Protocol } from './protocols.js';

/** How many callers a protocol has, each of which calls again when it has its answer. */
export interface Callers {
  readonly protocol: Protocol;
  readonly inFlight: number;
}

export interface Timing {
  readonly warmupMs: number;
  readonly windowMs: number;
}

/**
 * Runs them all at once against one fresh server, each protocol in a process of its own. Their windows begin together: who is
 * warm waits for the others.
 *
 * @returns calls a second, in their order.
 */
export async function ratesOf(callers: readonly Callers[], { warmupMs, windowMs }: Timing): Promise<readonly number[]> {
  const server = new Child('server', { module: onePort }, []);
  const clients: Child[] = [];
  try {
    const { address } = await server.line<{ readonly address: string }>(startMs);
    const together = new Barrier(callers.length);
    const figures = callers.map(({ protocol, inFlight }) => {
      const task = { kind: 'calls', loads: [{ payload: 'small', inFlight }], warmupMs, windowMs } as const;
      const client = new Child('client', { module: protocol.module, address, task }, []);
      clients.push(client);
      client.onMessage((message) => {
        if (message.say === 'look') void together.reached().then(() => client.say(looked));
      });
      return client.line<Figures>(startMs + warmupMs * 10 + windowMs);
    });
    return (await Promise.all(figures)).map(({ rates }) => rates[0] ?? Number.NaN);
  } finally {
    await Promise.all([...clients, server].map((child) => child.stop()));
  }
}

/** Lets so many pass whenever so many have come. */
class Barrier {
  #waiting: (() => void)[] = [];

  constructor(private readonly count: number) {}

  reached(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length < this.count) return;
      for (const go of this.#waiting.splice(0)) go();
    });
  }
}

/** Nobody asks here what the server has used. */
const looked: Message = { say: 'looked', server: undefined, brokerCpuMicros: undefined };
const startMs = 30_000;
