import { appendFileSync } from 'node:fs';
import { Endpoint, Service } from 'tenon';
import { meetingApp } from './meeting-app.js';
import type { ServeOrder } from './orders.js';
import { answerQuestions } from './questions.js';
import { type Done, Work } from './target.js';

// Another service than the target, whose endpoints have the same names: what the target's callers must not be served by.

const order = JSON.parse(process.argv[2] ?? '') as ServeOrder;

@Service('stranger', { as: 'Target' })
class Stranger {
  @Endpoint({ idempotent: true })
  work(request: Work): Promise<Done> {
    return this.#serve(request);
  }

  @Endpoint()
  once(request: Work): Promise<Done> {
    return this.#serve(request);
  }

  async #serve({ id }: Work): Promise<Done> {
    appendFileSync(order.journal, `${id}\n`);
    return { id, node: order.node };
  }
}

const app = await meetingApp(order, { services: [Stranger] });
answerQuestions({});
await app.start();
process.send?.({ ready: app.address });
