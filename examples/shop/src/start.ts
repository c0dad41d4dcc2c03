import { createApp, Registry } from 'tenon';
import { Fleet } from './fleet.js';
import { type Step, sentence } from './narrator.js';
import { Orders } from './orders.js';
import { summaryLines, summaryOf } from './summary.js';
import { until } from './until.js';

// `npm start`: each service is a process of its own, and no server is needed: they find each other by multicast on this machine (or by
// gossip, where that does not work), call each other over tenon/1, and send events from process to process over HTTP.
console.log(
  'The shop as processes that find each other, without any server. With etcd and NATS: npm run start:cluster',
);

const steps: Step[] = [];
await using fleet = new Fleet((step) => {
  steps.push(step);
  console.log(sentence(step));
});
for (const service of ['payments', 'payments', 'mails', 'mails', 'orders'])
  fleet.startService(service, { TENON_PROFILE: 'local' });

await using caller = await createApp({ profile: 'local', log: { level: 'error' } });
await caller.start();
await until(
  'all nodes are registered',
  async () => (await fleet.registered(caller)) === 'mails 2, orders 1, payments 2',
);
console.log(`registered: ${await fleet.registered(caller)}`);

const orders = caller.client(Orders);
const count = 6;
for (let number = 1; number <= count; number += 1) {
  const orderId = `order-${number}`;
  console.log(`${orderId}: ${number} tea, ordered by Ada`);
  const lines = [{ sku: 'tea', quantity: number, cents: 450 }];
  const reply = await orders.place({ orderId, customer: 'ada@example.com', lines });
  console.log(`  paid   ${(reply.cents / 100).toFixed(2).padEnd(16)} ${reply.receipt}, by ${reply.paidBy}`);
}
const told = (kind: Step['kind']): number => steps.filter((step) => step.kind === kind).length;
// What the processes tell comes by a pipe of each: a call's line may come after the event that it led to.
await until('every customer was thanked', () => told('event') >= count && told('call') >= 2 * count, 30_000);

const example = JSON.stringify({
  orderId: 'order-7',
  customer: 'you@example.com',
  lines: [{ sku: 'tea', quantity: 1, cents: 450 }],
});
const [record] = await caller.get(Registry).lookup('orders');
console.log(
  `Try it:\n  curl -s -H 'content-type: application/json' -d '${example}' http://${record?.nodes[0]?.address}/orders/Orders.Place`,
);
console.log(summaryLines(summaryOf(count, steps)));

if (process.stdin.isTTY && process.stdout.isTTY) {
  console.log('The shop stays open. Ctrl-C closes it.');
  const keepOpen = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
  clearInterval(keepOpen);
}
