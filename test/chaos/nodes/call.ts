import { Registry } from 'tenon';
import { Choices } from './choices.js';
import { holdings } from './holdings.js';
import { Loads, type SingleCall } from './loads.js';
import { type FollowOrder, LongStreams } from './long-streams.js';
import { meetingApp } from './meeting-app.js';
import { fuzzMetadata, type MetadataOrder } from './metadata-fuzz.js';
import { OpenFiles } from './open-files.js';
import type { CallOrder, LoadOrder, LoopOrder } from './orders.js';
import { answerQuestions } from './questions.js';
import { SeenSets } from './seen-sets.js';
import { type OfferOrder, type ReadOrder, StreamLoads } from './stream-loads.js';
import { Target } from './target.js';

// The caller of a fleet, in a process of its own so that its load has an event loop to itself.

const order = JSON.parse(process.argv[2] ?? '') as CallOrder;
const choices = new Choices(order.strategy);
const app = await meetingApp(order, {
  modules: choices.modules,
  log: { level: order.logLevel ?? 'error' },
  ...(order.client === undefined ? {} : { client: order.client }),
});
await app.start();
const loads = new Loads(app, choices);
const seen = new SeenSets();
if (order.watches === true) void seen.follow(app.get(Registry));
const streams = new StreamLoads(app);
const long = new LongStreams(app);
const files = new OpenFiles();
const leave = answerQuestions({
  load: (load: LoadOrder) => loads.run(load),
  call: (call: SingleCall) => loads.call(call),
  progress: (name: string) => loads.progress(name),
  stop: (name: string) => loads.stop(name),
  sets: () => seen.all,
  report: () => loads.report(),
  read: (order: ReadOrder) => streams.read(order),
  stopReading: (name: string) => streams.stop(name),
  follow: (order: FollowOrder) => long.follow(order),
  followed: () => long.open,
  loop: (order: LoopOrder) => loads.loop(order),
  holdings: () => holdings(),
  heapAfterGc: () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
  useUpFiles: () => files.useUp(),
  giveFilesBack: () => files.giveBack(),
  echo: (value: unknown) => app.client(Target).echo(value),
  fuzzMetadata: (order: MetadataOrder) => fuzzMetadata(app, order),
  offer: (order: OfferOrder) => streams.offer(order),
  close: async () => {
    await app.close();
    setImmediate(leave);
  },
});
process.send?.({ ready: true });
