import { createApp, Endpoint, Service } from 'tenon';

// A program that serves until it is told to stop, with etcd and NATS where the environment says.

@Service('served')
class Served {
  @Endpoint() ping(): string {
    return 'pong';
  }
}

const app = await createApp({ services: [Served], profile: 'standard', log: { level: 'error' } });
await app.run();
process.stdout.write('over\n');
