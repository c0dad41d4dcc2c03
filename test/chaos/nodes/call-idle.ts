import { type ClientOptions, provide, Registry } from 'tenon';
import { Choices } from './choices.js';
import { callAfterIdling, type IdleOrder } from './idle-callers.js';
import { Loads } from './loads.js';
import { meetingApp } from './meeting-app.js';
import type { CallFindings, Meeting } from './orders.js';
import { answerQuestions } from './questions.js';

// Many callers in one process, each an app with connections of its own. They share one registry, for the sake of etcd.

const order = JSON.parse(process.argv[2] ?? '') as Meeting & {
  readonly callers: number;
  readonly client: ClientOptions;
};
const { callers: count, client } = order;
const first = await meetingApp(order);
await first.start();
const registry = first.get(Registry);
const callers: ((id: string) => Promise<CallFindings>)[] = [];
for (let made = 0; made < count; made += 1) {
  const app = await meetingApp(order, { client, modules: [provide(Registry, [], () => registry)] });
  await app.start();
  const loads = new Loads(app, new Choices(undefined));
  callers.push((name) => loads.call({ endpoint: 'once', name }));
}
answerQuestions({ idle: (order: IdleOrder) => callAfterIdling(callers, order) });
process.send?.({ ready: true });
