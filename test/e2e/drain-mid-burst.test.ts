import { eventually } from '@tenon/conformance';
import { IsInt } from 'class-validator';
import { type ClientOf, Endpoint, Service } from 'tenon';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestFleet, wires } from './fleet.js';

const bound = { withinMs: 20_000 };

class Job {
  @IsInt() n!: number;
}

/** Answers after a moment. Not idempotent: what may have run is not repeated. */
@Service('worker')
class Worker {
  done = 0;

  @Endpoint()
  async work({ n }: Job): Promise<Job> {
    await new Promise((resolve) => setTimeout(resolve, 3));
    this.done += 1;
    return { n };
  }
}

/**
 * Without HTTP/1.1, which opens connections while it is busy: one that the system has accepted and the leaving port has not
 * is reset, and whether its call ran nobody knows.
 */
const withGoAway = wires.filter((wire) => wire !== 'http');

describe.each(withGoAway)('over %s', (wire) => {
  let fleet: TestFleet;
  beforeEach(() => {
    fleet = new TestFleet(wire);
  });
  afterEach(() => fleet.close());

  test('a node that leaves with 100 calls under way loses none: they end, or begin on another', async () => {
    const first = await fleet.start({ services: [Worker] });
    const second = await fleet.start({ services: [Worker] });
    const client: ClientOf<Worker> = (await fleet.start()).client(Worker);
    let stop = false;
    let answered = 0;
    const callers = Array.from({ length: 100 }, async () => {
      for (let n = 0; !stop; n += 1) {
        expect(await client.work({ n })).toEqual({ n });
        answered += 1;
      }
    });
    const [one, other] = [first.get(Worker), second.get(Worker)];
    const bothWorked = (): void => expect(Math.min(one.done, other.done)).toBeGreaterThan(200);
    await Promise.race([eventually(bothWorked, bound), Promise.all(callers)]);
    await first.drain();
    const doneByFirst = one.done;
    const before = answered;
    await Promise.race([eventually(() => expect(answered).toBeGreaterThan(before + 500), bound), Promise.all(callers)]);
    stop = true;
    await Promise.all(callers);
    expect(one.done).toBe(doneByFirst);
    // Each ran once.
    expect(one.done + other.done).toBe(answered);
  });
});
