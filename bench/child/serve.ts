import { pathToFileURL } from 'node:url';
import type { Contestant } from '../contestants/contestant.js';
import { handlers } from '../workload/handlers.js';
import type { Message, ServeOrder } from './orders.js';
import { usage } from './usage.js';

// The server process of a contestant: prints its address as one line of JSON, tells its usage when asked, and stops when
// its parent lets go of the IPC channel.

const order = JSON.parse(process.argv[2] ?? '') as ServeOrder;
const contestant = (await import(pathToFileURL(order.module).href)) as Contestant;
const serving = await contestant.serve(handlers, { nats: order.nats });

process.on('message', (message: Message) => {
  if (message.say !== 'usage?') return;
  const answer: Message = { say: 'usage', usage: usage(message.collected, serving.counts) };
  process.send?.(answer);
});
process.once('disconnect', () => void serving.close());
console.log(JSON.stringify({ address: serving.address }));
