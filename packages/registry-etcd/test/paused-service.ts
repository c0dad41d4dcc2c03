import { recordOf } from '@tenon/conformance';
import { etcdClient } from './fixture.js';

// A process of its own, because a test stops it: registers one node and says what becomes of its lease.
const registry = etcdClient({ endpoints: [String(process.argv[2])] });
const lease = await registry.register(recordOf('greeter', 'n1'), { ttlMs: 2_000 });
lease.onChange((state) => process.stdout.write(`${state}\n`));
process.stdout.write('registered\n');
// A registry keeps no process alive by itself; a server that listens would.
setInterval(() => {}, 60_000);
