import { createApp, etcdRegistry } from 'tenon';

// An app that serves nothing and waits for its registry: nothing but its start keeps the process alive.

const app = await createApp({ profile: 'test', modules: [etcdRegistry({ endpoints: [String(process.argv[2])] })] });
await app.start();
process.stdout.write('started\n');
await app.close();
