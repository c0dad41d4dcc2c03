import { Service, Subscribe } from 'tenon';
import { type EventMeeting, eventApp } from './event-app.js';
import { answerQuestions } from './questions.js';
import { type Sample, sampleEvent } from './sample-event.js';

// Many subscribers in one process, each an app with a connection and a subscription of its own.

/** Given as the one argument, in JSON. */
export interface ListenersOrder extends EventMeeting {
  readonly topic: string;
  /** Names of them all; each is its own queue. */
  readonly queues: readonly string[];
}

const { topic, queues, ...meeting } = JSON.parse(process.argv[2] ?? '') as ListenersOrder;
const seen = new Map<string, Set<number>>();
const firstAt = new Map<string, number>();
let watchFrom = Number.POSITIVE_INFINITY;

for (const queue of queues) {
  const mine = new Set<number>();
  seen.set(queue, mine);
  class Listener {
    async heard({ seq }: Sample): Promise<void> {
      mine.add(seq);
      if (seq >= watchFrom && !firstAt.has(queue)) firstAt.set(queue, performance.timeOrigin + performance.now());
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Listener.prototype, 'heard') as PropertyDescriptor;
  Subscribe(sampleEvent(topic), { queue, delivery: 'atLeastOnce' })(Listener.prototype, 'heard', descriptor);
  Service(`listener-${queue}`)(Listener);
  await (await eventApp(meeting, { services: [Listener] })).start();
}
answerQuestions({
  watch: (seq: number) => {
    watchFrom = seq;
    firstAt.clear();
  },
  /** When each heard the first of those that are watched for, in milliseconds since 1970. */
  firstAt: () => [...firstAt.values()],
  /** How many different ones each has handled. */
  counts: () => [...seen.values()].map((mine) => mine.size),
});
process.send?.({ ready: true });
