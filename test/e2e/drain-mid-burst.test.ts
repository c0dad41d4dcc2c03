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

describe.each(wires)('over %s', (wire) => {
  let fleet: TestFleet;
  beforeEach(() => {
    fleet = new TestFleet(wire);
  });
  afterEach(() => fleet.close());

  test.each(['there', 'away'])(
    'with the registry %s, a node that leaves with 100 calls under way loses none',
    async (setting) => {
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
      if (setting === 'away') fleet.loseRegistry();
      await Promise.race([first.drain(), Promise.all(callers)]);
      const doneByFirst = one.done;
      const answeredByThen = answered;
      const goesOn = (): void => expect(answered).toBeGreaterThan(answeredByThen + 500);
      await Promise.race([eventually(goesOn, bound), Promise.all(callers)]);
      stop = true;
      await Promise.all(callers);
      expect(one.done).toBe(doneByFirst);
      // Each ran once.
      expect(one.done + other.done).toBe(answered);
    },
  );
});
