import { Registry } from 'tenon';
import { HeldMemory } from './held-memory.js';
import { holdings } from './holdings.js';
import { meetingApp } from './meeting-app.js';
import type { ServeOrder } from './orders.js';
import { answerQuestions } from './questions.js';
import { Target, targetModules } from './target.js';
import { type TargetSettings, TargetState } from './target-state.js';

// One node of a fleet: says `ready` once it is registered, and leaves as an application does: `run` drains on SIGTERM, and the
// process ends by itself when nothing is left.

const order = JSON.parse(process.argv[2] ?? '') as ServeOrder;
const state = new TargetState(order.node, order.journal);
const held = new HeldMemory();
const app = await meetingApp(order, {
  services: [Target],
  modules: targetModules(state),
  log: { level: order.logLevel ?? 'error' },
  ...(order.server === undefined ? {} : { server: order.server }),
  ...(order.drainTimeoutMs === undefined ? {} : { drainTimeoutMs: order.drainTimeoutMs }),
});

const leave = answerQuestions({
  report: () => state.report(),
  cancels: () => state.cancels,
  series: (instrument: string) => state.meter.series(instrument),
  watchHeld: () => held.watch(),
  heldNow: () => held.now(),
  mostHeld: () => held.most(),
  seriesCounts: () => state.meter.counts(),
  settings: (settings: TargetSettings) => {
    state.settings = settings;
  },
  holdings: () => holdings(),
  block: (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
});

const running = app.run();
running.catch((error) => {
  console.error(error);
  process.exit(1);
});
// More and more rarely: Eureka keeps for long what it answers while somebody registers.
for (let pauseMs = 5; !(await isRegistered()); pauseMs = Math.min(pauseMs * 1.5, 250))
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
process.send?.({ ready: app.address });
await running;
state.close();
leave();

async function isRegistered(): Promise<boolean> {
  const { address } = app;
  if (address === undefined) return false;
  const records = await app
    .get(Registry)
    .lookup('target')
    .catch(() => []);
  return records.some(({ nodes }) => nodes.some((node) => node.address === address.advertise));
}
