import { type AppOptions, createApp, Endpoint, httpTransport, Service, ServiceError } from 'tenon';

// A program that starts an app, calls its own service and closes, without ever telling Node to exit: it must end by
// itself, because nothing is left that keeps it alive. What happened stands on standard output, a line each.

@Service('brief')
class Brief {
  @Endpoint()
  ping(): string {
    return 'pong';
  }
}

const settings: Readonly<Record<string, AppOptions>> = {
  /** Everything in memory. */
  memory: { profile: 'test' },
  /** Memory, but for real HTTP sockets. */
  http: { profile: 'test', modules: [httpTransport()] },
  /** etcd and NATS, where the environment says. */
  standard: { profile: 'standard' },
  /** etcd and NATS, and no patience. */
  impatient: { profile: 'standard', failFast: true },
};

const [setting = '', ending = 'close'] = process.argv.slice(2);
const app = await createApp({ services: [Brief], log: { level: 'error' }, ...settings[setting] });
if (ending === 'close early') {
  const starting = app.start().catch((error: unknown) => told('start', error));
  await new Promise((resolve) => setImmediate(resolve));
  await app.close();
  await starting;
} else {
  await app.start().catch((error: unknown) => told('start', error));
  if (app.address !== undefined) say(`replied ${await app.client(Brief).ping()}`);
  await (ending === 'drain' ? app.drain() : app.close());
}
say('closed');

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function told(what: string, error: unknown): void {
  say(`${what} ${ServiceError.from(error).message}`);
}
