import { MemoryHub, memoryBroker } from '@tenon/broker-memory';
import { MemoryRegistryStore, memoryRegistry } from '@tenon/registry-memory';
import { type AnyClass, type App, createApp, httpTransport } from 'tenon';
import { Mails } from './mails.js';
import { narrator, type Step, sentence } from './narrator.js';
import { Orders } from './orders.js';
import { Payments } from './payments.js';
import { summaryLines, summaryOf } from './summary.js';
import { until } from './until.js';

// `npm start`: the whole shop in one process. Registry and broker are in memory; every call crosses a real HTTP socket.
console.log(
  'The shop, without any server: memory registry and broker, HTTP on loopback. With etcd and NATS: npm run start:cluster',
);

const store = new MemoryRegistryStore();
const hub = new MemoryHub();
const steps: Step[] = [];
const apps: App[] = [];

/** Starts a node of its own for a service, as another process would. */
async function startNode(...services: AnyClass[]): Promise<App> {
  const app = await createApp({
    services,
    profile: 'test',
    log: { level: 'warn' },
    modules: [
      memoryRegistry({ store }),
      memoryBroker({ hub }),
      httpTransport(),
      narrator((step) => {
        steps.push(step);
        console.log(sentence(step));
      }),
    ],
  });
  await app.start();
  apps.push(app);
  for (const { name, version, endpoints, subscriptions } of app.describe().services) {
    console.log(`${name} ${version} on ${app.address?.listen}`);
    for (const endpoint of endpoints) console.log(`  ${endpoint.name}  POST ${endpoint.url}`);
    for (const { topic, queue } of subscriptions) console.log(`  on ${topic} (queue ${queue})`);
  }
  return app;
}

await startNode(Payments);
await startNode(Payments);
await startNode(Mails);
await startNode(Mails);
const shop = await startNode(Orders);

const orders = shop.client(Orders);
const count = 6;
for (let number = 1; number <= count; number += 1) {
  const orderId = `order-${number}`;
  console.log(`${orderId}: ${number} tea, ordered by Ada`);
  const reply = await orders.place({
    orderId,
    customer: 'ada@example.com',
    lines: [{ sku: 'tea', quantity: number, cents: 450 }],
  });
  console.log(`  paid   ${(reply.cents / 100).toFixed(2).padEnd(16)} ${reply.receipt}, by ${reply.paidBy}`);
}
await until('every customer was thanked', () => steps.filter((step) => step.kind === 'event').length >= count);

const example = JSON.stringify({
  orderId: 'order-7',
  customer: 'you@example.com',
  lines: [{ sku: 'tea', quantity: 1, cents: 450 }],
});
console.log(
  `Try it:\n  curl -s -H 'content-type: application/json' -d '${example}' http://${shop.address?.listen}/orders/Orders.Place`,
);
console.log(summaryLines(summaryOf(count, steps)));

if (process.stdin.isTTY && process.stdout.isTTY) {
  console.log('The shop stays open. Ctrl-C closes it.');
  const keepOpen = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  clearInterval(keepOpen);
}
for (const app of apps.reverse()) await app.drain();
