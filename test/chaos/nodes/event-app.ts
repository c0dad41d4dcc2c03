import { httpBroker } from '@tenon/broker-http';
import { etcdRegistry } from '@tenon/registry-etcd';
import { type App, type AppOptions, createApp, type Module, natsBroker } from 'tenon';

/** Where publishers and subscribers meet: one of the two is given. */
export interface EventMeeting {
  readonly nats?: {
    readonly address: string;
    readonly options?: Omit<Parameters<typeof natsBroker>[0] & object, 'servers'>;
  };
  readonly http?: {
    readonly etcd: string;
    readonly prefix: string;
    readonly options?: Parameters<typeof httpBroker>[0];
  };
}

/** An app over the broker that is given, and nothing else that is shared. */
export function eventApp({ nats, http }: EventMeeting, options: Omit<AppOptions, 'profile'> = {}): Promise<App> {
  const modules: Module[] = [];
  if (nats !== undefined) modules.push(natsBroker({ servers: [nats.address], ...nats.options }));
  if (http !== undefined) {
    modules.push(etcdRegistry({ endpoints: [http.etcd], prefix: http.prefix }), httpBroker(http.options));
  }
  return createApp({
    log: { level: 'error' },
    ...options,
    profile: 'test',
    modules: [...modules, ...(options.modules ?? [])],
  });
}
