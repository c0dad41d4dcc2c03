import { createApp, natsBroker } from 'tenon';
import { Mails } from './mails.js';
import { narrator } from './narrator.js';
import { Orders } from './orders.js';
import { Payments } from './payments.js';

// One service of the shop in a process of its own: `node.ts payments`. TENON_PROFILE says over what.
// What happens is written to standard output, one line of JSON per step, for whoever started this process.
const service = [Orders, Payments, Mails].find((one) => one.name.toLowerCase() === process.argv[2]);
if (service === undefined)
  throw new Error(`start it as node.ts orders, node.ts payments or node.ts mails, not ${process.argv[2]}`);

const { TENON_NATS: nats } = process.env;
const app = await createApp({
  services: [service],
  log: { level: 'warn' },
  banner: false,
  modules: [
    narrator((step) => console.log(JSON.stringify(step))),
    // Over NATS an order is told at least once: JetStream keeps it until a mails node has handled it.
    ...(nats === undefined ? [] : [natsBroker({ servers: [nats], delivery: 'atLeastOnce' })]),
  ],
});
await app.run();
