import { pathToFileURL } from 'node:url';
import type { Contestant } from '../contestants/contestant.js';
import { handlers } from '../workload/handlers.js';
import { driveCalls } from './drive-calls.js';
import { driveConnections, driveStreamsOnOne } from './drive-connections.js';
import { driveSoak } from './drive-soak.js';
import { driveCount, drivePingPong } from './drive-streams.js';
import type { Figures } from './figures.js';
import type { DriveOrder } from './orders.js';

// The client process of a contestant: does its task and prints what it measured as one line of JSON.

const order = JSON.parse(process.argv[2] ?? '') as DriveOrder;
const contestant = (await import(pathToFileURL(order.module).href)) as Contestant;
const serving = contestant.inProcess ? await contestant.serve(handlers, {}) : undefined;
const address = serving?.address ?? order.address ?? '';

// A client whose harness has died measures for nobody.
const orphaned = (): never => process.exit(1);
process.once('disconnect', orphaned);
try {
  console.log(JSON.stringify(await drive()));
} finally {
  await serving?.close();
  process.off('disconnect', orphaned);
  if (process.connected) process.disconnect();
}

function drive(): Promise<Figures> {
  const { task } = order;
  switch (task.kind) {
    case 'calls':
      return driveCalls(contestant, address, task, serving);
    case 'count':
      return driveCount(contestant, address, task);
    case 'ping-pong':
      return drivePingPong(contestant, address, task);
    case 'connections':
      return driveConnections(contestant, address, task);
    case 'streams-on-one':
      return driveStreamsOnOne(contestant, address, task);
    case 'soak':
      return driveSoak(contestant, address, task);
  }
}
