import { recordOf } from '@tenon/conformance';
import { zookeeperClient } from './fixture.js';

// A process of its own, because a test stops it: registers one node and says what becomes of its lease.
const registry = zookeeperClient({ endpoints: [String(process.argv[2])] });
const lease = await registry.register(recordOf('greeter', 'n2'), { ttlMs: Number(process.argv[3]) });
lease.onChange((state) => process.stdout.write(`${state}\n`));
process.stdout.write('registered\n');
// A registry keeps no process alive by itself; a server that listens would.
setInterval(() => {}, 60_000);
