import { createApp, Registry } from 'tenon';
import { Auditor, Heard, Ledger } from './ledger.js';

// One side of the whole flow in a process of its own, over the etcd and NATS that the environment names:
// `ledger-process.ts serve` until it is told to stop, or `ledger-process.ts call`, which calls, listens and ends by itself.
const say = (what: object): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

if (process.argv[2] === 'serve') {
  const app = await createApp({ services: [Ledger], profile: 'standard', banner: false, log: { level: 'error' } });
  const running = app.run();
  while (app.address === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  while (!(await app.get(Registry).list()).includes('ledger')) await new Promise((resolve) => setTimeout(resolve, 20));
  say({ serving: process.pid });
  await running;
  say({ stopped: process.pid });
} else {
  const app = await createApp({ services: [Auditor], profile: 'standard', log: { level: 'error' } });
  await app.start();
  const ledger = app.client(Ledger);
  const { byEverybody } = app.get(Heard);
  for (let number = 1; number <= 5; number += 1) say({ booked: await ledger.book({ id: `entry-${number}` }) });
  say({ refused: await ledger.book({ id: 5 } as never).catch((error: unknown) => error) });
  while (byEverybody.length < 5) await new Promise((resolve) => setTimeout(resolve, 20));
  say({ heard: byEverybody.toSorted() });
  await app.close();
}
