import { inspect } from 'node:util';
import { RecordingMeter } from '@tenon/testing';
import { IsInt, IsOptional, IsString } from 'class-validator';
import {
  type AppOptions,
  callContext,
  createApp,
  Endpoint,
  etcdRegistry,
  Meter,
  natsBroker,
  provide,
  Service,
  ServiceError,
  tcpTransport,
} from 'tenon';
import { answerQuestions } from './questions.js';

// A service and a caller that are full of secrets, and all that goes wrong with them. Nothing here writes anything but what Tenon
// writes by itself, at level debug; what callers were told is handed over when it is asked for.

/** Each secret by where it stands; in the environment, as applications have theirs. */
const secrets = JSON.parse(process.env['SECRETS'] ?? '{}') as Readonly<Record<string, string>>;
const { etcd } = JSON.parse(process.argv[2] ?? '') as { readonly etcd: string };
const secret = (where: string): string => secrets[where] ?? '';

class Ask {
  @IsString() how!: string;
  @IsOptional() @IsString() text?: string;
  @IsOptional() @IsInt() number?: number;
}

@Service('keeper')
class Keeper {
  @Endpoint({ idempotent: true })
  async ask({ how }: Ask): Promise<{ readonly how: string }> {
    callContext().setReplyMetadata('set-cookie', secret('reply metadata'));
    if (how === 'error') {
      const error = new Error(secret('message of an error'), { cause: new Error(secret('cause of an error')) });
      throw Object.assign(error, { config: { headers: { authorization: secret('property of an error') } } });
    }
    if (how === 'service error') {
      throw new ServiceError('Aborted', 'not now', { cause: new Error(secret('cause of a service error')) });
    }
    if (how === 'late') await new Promise((resolve) => setTimeout(resolve, 300));
    return { how };
  }
}

const meter = new RecordingMeter();
const recording = provide(Meter, [], () => meter);
const tls = {
  ca: secret('path of the certificates'),
  cert: secret('path of the certificate'),
  key: secret('path of the key'),
  mutual: true,
};
const common = {
  profile: 'test',
  modules: [etcdRegistry({ endpoints: [etcd] }), tcpTransport(), recording],
  log: { level: 'debug', format: 'json' },
  tls,
} as const;
const server = await createApp({ ...common, services: [Keeper] });
const caller = await createApp({ ...common, client: { propagate: ['authorization'] } });
const told: unknown[] = [];
const tried = async (work: () => Promise<unknown>): Promise<void> => {
  told.push(await work().catch((thrown: unknown) => thrown));
};

/** What an app with such options is told; it never starts. */
const refused = (options: AppOptions): Promise<void> =>
  tried(async () => {
    const app = await createApp({ ...options, failFast: true, log: { level: 'debug', format: 'json' } });
    try {
      await app.start();
    } finally {
      await app.close();
    }
  });

await server.start();
await caller.start();
const metadata = {
  authorization: `Bearer ${secret('authorization')}`,
  cookie: secret('cookie'),
  'x-api-key': secret('API key'),
  'x-session': secret('session'),
};
const keeper = caller.client(Keeper);
for (const how of ['well', 'error', 'service error', 'late', 'late']) {
  await tried(() => keeper.ask({ how, text: secret('value of a call') }, { metadata, timeoutMs: 200 }));
}
await tried(() => keeper.ask({ how: 'well', number: secret('value that is not valid') as never }, { metadata }));
await tried(() =>
  caller.call('nobody', 'Nobody.Ask', { text: secret('value of a call') }, { metadata, timeoutMs: 200 }),
);
await tried(() => caller.call('keeper', 'Keeper.Nothing', { text: secret('value of a call') }, { metadata }));
await tried(() => caller.call('keeper', 'Keeper.Ask', { how: 'well' }, { metadata, address: '127.0.0.1:9' }));

const nowhere = '127.0.0.1:9';
await refused({
  profile: 'test',
  modules: [etcdRegistry({ endpoints: [etcd], username: 'root', password: secret('password of etcd') })],
});
for (const endpoint of [
  `http://root:${secret('URL of etcd')}@${nowhere}`,
  `root:${secret('URL of etcd')}@${nowhere}`,
]) {
  await tried(async () => refused({ profile: 'test', modules: [etcdRegistry({ endpoints: [endpoint] })] }));
}
const nats = [
  { servers: [nowhere], username: 'app', password: secret('password of NATS') },
  { servers: [nowhere], token: secret('token of NATS') },
  { servers: [`nats://app:${secret('URL of NATS')}@${nowhere}`] },
  { servers: [`app:${secret('URL of NATS')}@${nowhere}`] },
];
for (const options of nats) await tried(async () => refused({ profile: 'test', modules: [natsBroker(options)] }));
await refused({
  profile: 'test',
  services: [Keeper],
  modules: [tcpTransport()],
  tls: { ...tls, key: secret('text of a wrong key') },
});

answerQuestions({
  told: () => told.map((one) => `${inspect(one, { depth: 8 })}\n${JSON.stringify(one)}`),
  described: () => [server, caller].map((app) => `${JSON.stringify(app.describe())}\n${inspect(app, { depth: 8 })}`),
  labels: () => meter.names.map((name) => `${name} ${JSON.stringify(meter.series(name))}`),
  close: async () => {
    await caller.close();
    await server.close();
  },
});
process.send?.({ ready: true });
