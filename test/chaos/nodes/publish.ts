import { setTimeout as wait } from 'node:timers/promises';
import { type DeliveryLevel, type Publisher, ServiceError } from 'tenon';
import { type EventMeeting, eventApp } from './event-app.js';
import { answerQuestions } from './questions.js';
import { type Sample, sampleEvent } from './sample-event.js';

// A process that publishes, in an open loop, and says of each message what came of it.

export interface PublishOrder {
  readonly topic: string;
  readonly delivery: DeliveryLevel;
  readonly from: number;
  readonly count: number;
  readonly rate: number;
  /** Every so many is poison. Default: none. */
  readonly poisonEvery?: number;
  readonly keys?: number;
  /** What ids begin with, so that the same can be published twice. Default: an id of its own each. */
  readonly id?: string;
}

export interface PublishFindings {
  readonly confirmed: number;
  /** Those that were rejected, by number, and why: `Unavailable (no)`. */
  readonly failed: readonly number[];
  readonly reasons: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly mostBytes: number;
}

const app = await eventApp(JSON.parse(process.argv[2] ?? '') as EventMeeting);
await app.start();
let progress = 0;
const publishers = new Map<string, Publisher<Sample>>();
answerQuestions({
  publish,
  progress: () => progress,
});
process.send?.({ ready: true });

async function publish(order: PublishOrder): Promise<PublishFindings> {
  const { topic, delivery, from, count, rate, poisonEvery = Number.POSITIVE_INFINITY, keys = 1, id } = order;
  const publisher = publishers.get(topic) ?? app.publisher(sampleEvent(topic));
  publishers.set(topic, publisher);
  const failed: number[] = [];
  const reasons: Record<string, number> = {};
  const under = new Set<Promise<void>>();
  const began = performance.now();
  let [confirmed, slowestMs, mostBytes] = [0, 0, 0];
  const one = async (seq: number): Promise<void> => {
    const begun = performance.now();
    const sample = { seq, key: `k${seq % keys}`, isPoison: seq % poisonEvery === poisonEvery - 1 };
    try {
      await publisher.publish(sample, { delivery, ...(id === undefined ? {} : { id: `${id}-${seq}` }) });
      confirmed += 1;
    } catch (thrown) {
      const { code, executed } = ServiceError.from(thrown);
      failed.push(seq);
      reasons[`${code} (${executed})`] = (reasons[`${code} (${executed})`] ?? 0) + 1;
    }
    slowestMs = Math.max(slowestMs, performance.now() - begun);
  };
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.ceil(((performance.now() - began) * rate) / 1_000));
    for (; sent < due; sent += 1) {
      const publishing = one(from + sent).finally(() => under.delete(publishing));
      under.add(publishing);
    }
    progress = sent;
    mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
    await wait(5);
  }
  await Promise.all(under);
  return { confirmed, failed, reasons, seconds: (performance.now() - began) / 1_000, slowestMs, mostBytes };
}
