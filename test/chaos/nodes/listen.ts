import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Broker, callContext, type LogLevel, Service, Subscribe, type SubscribeOptions } from 'tenon';
import { type EventMeeting, eventApp } from './event-app.js';
import { answerQuestions } from './questions.js';
import { type Sample, sampleEvent } from './sample-event.js';

// A process that subscribes: its handlers write down what they have done, which is what outlives their being killed.

/** Given as the one argument, in JSON. */
export interface ListenOrder extends EventMeeting {
  /** One line for each message that was handled: `<name>-<seq>`, in the order in which it was done. */
  readonly journal: string;
  readonly subscriptions: readonly Listening[];
  readonly settings?: ListenSettings;
  readonly logLevel?: LogLevel | undefined;
}

export interface Listening {
  /** What its lines begin with. */
  readonly name: string;
  readonly topic: string;
  readonly options: Omit<SubscribeOptions, 'event'>;
}

export interface ListenSettings {
  readonly delayMs?: number;
  /** Of first attempts: so many fail. */
  readonly failShare?: number;
}

/** What a process has seen so far. */
export interface ListenReport {
  readonly begun: number;
  readonly handled: number;
  readonly highestAttempt: number;
  readonly rssBytes: number;
}

const order = JSON.parse(process.argv[2] ?? '') as ListenOrder;
let settings: ListenSettings = order.settings ?? {};
let begun = 0;
let handled = 0;
let highestAttempt = 0;

const services = order.subscriptions.map(({ name, topic, options }) => {
  class Listener {
    async heard({ seq, isPoison }: Sample): Promise<void> {
      begun += 1;
      const attempt = callContext().delivery?.attempt ?? 1;
      highestAttempt = Math.max(highestAttempt, attempt);
      if (settings.delayMs !== undefined) await wait(settings.delayMs);
      if (isPoison) throw new Error('this one cannot be handled');
      if (attempt === 1 && Math.random() < (settings.failShare ?? 0)) throw new Error('not this time');
      appendFileSync(order.journal, `${name}-${seq}\n`);
      handled += 1;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Listener.prototype, 'heard') as PropertyDescriptor;
  Subscribe(sampleEvent(topic), options)(Listener.prototype, 'heard', descriptor);
  Service(`listener-${name}`)(Listener);
  return Listener;
});
const app = await eventApp(order, { services, log: { level: order.logLevel ?? 'error', format: 'json' } });
await app.start();
answerQuestions({
  report: (): ListenReport => ({ begun, handled, highestAttempt, rssBytes: process.memoryUsage.rss() }),
  settings: (given: ListenSettings) => {
    settings = given;
  },
  deadLetters: async () =>
    (await app.get(Broker).deadLetters?.list({ limit: 1_000 }))?.map(
      ({ topic, queue, attempts, code, reason, timeMs }) => {
        return { topic, queue, attempts, code, reason, timeMs };
      },
    ),
  drain: () => app.drain(),
  block: (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
});
process.send?.({ ready: true });
