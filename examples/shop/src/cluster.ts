import { createApp } from 'tenon';
import { Fleet } from './fleet.js';
import { type Step, sentence } from './narrator.js';
import { Orders } from './orders.js';
import { startEtcd, startNats } from './servers.js';
import { summaryLines, summaryOf } from './summary.js';
import { until } from './until.js';

// `npm run start:cluster`: each service is a process of its own, over real etcd and NATS on loopback ports of their own.
console.log('The shop as processes over etcd and NATS, which are started for it and stopped again.');

const steps: Step[] = [];
let doomedOrder = false;
await using fleet = new Fleet((step, teller) => {
  steps.push(step);
  console.log(sentence(step));
  if (!doomedOrder || step.what !== 'Payments.Charge') return;
  doomedOrder = false;
  console.log(`  SIGKILL to ${step.node} (pid ${teller.pid}) while it takes the money`);
  teller.kill('SIGKILL');
});
const etcd = await startEtcd(fleet);
const nats = await startNats(fleet);
console.log(`etcd on ${etcd}, NATS on ${nats}`);
const environment = { TENON_PROFILE: 'standard', TENON_ETCD: etcd, TENON_NATS: nats };
for (const service of ['payments', 'payments', 'mails', 'mails', 'orders']) fleet.startService(service, environment);

process.env['TENON_ETCD'] = etcd;
process.env['TENON_NATS'] = nats;
await using caller = await createApp({ profile: 'standard', log: { level: 'error' } });
await caller.start();
await until(
  'all nodes are registered',
  async () => (await fleet.registered(caller)) === 'mails 2, orders 1, payments 2',
);
console.log(`registered: ${await fleet.registered(caller)}`);

const orders = caller.client(Orders);
const count = 8;
for (let number = 1; number <= count; number += 1) {
  const orderId = `order-${number}`;
  console.log(`${orderId}: ${number} tea, ordered by Ada`);
  doomedOrder = number === 3;
  const before = steps.length;
  const lines = [{ sku: 'tea', quantity: number, cents: 450 }];
  const reply = await orders.place({ orderId, customer: 'ada@example.com', lines });
  console.log(`  paid   ${(reply.cents / 100).toFixed(2).padEnd(16)} ${reply.receipt}, by ${reply.paidBy}`);
  const tried = steps.slice(before).filter((step) => step.what === 'Payments.Charge');
  if (tried.length > 1) console.log(`  ${orderId} began on ${tried[0]?.node} and was completed on ${reply.paidBy}`);
}
await until('every customer was thanked', () => steps.filter((step) => step.kind === 'event').length >= count);
console.log(summaryLines(summaryOf(count, steps)));
