import { createApp } from 'tenon';
import { Mails } from './mails.js';
import { narrator } from './narrator.js';
import { Orders } from './orders.js';
import { Payments } from './payments.js';

// One service of the shop in a process of its own, over etcd and NATS: `node.ts payments`.
// What happens is written to standard output, one line of JSON per step, for whoever started this process.
const service = [Orders, Payments, Mails].find((one) => one.name.toLowerCase() === process.argv[2]);
if (service === undefined)
  throw new Error(`start it as node.ts orders, node.ts payments or node.ts mails, not ${process.argv[2]}`);

const app = await createApp({
  services: [service],
  profile: 'standard',
  log: { level: 'warn' },
  banner: false,
  modules: [narrator((step) => console.log(JSON.stringify(step)))],
});
await app.run();
