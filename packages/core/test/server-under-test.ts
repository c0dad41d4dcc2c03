import { jsonCodec } from '@tenon/codec-json';
import type { Codec, Interceptor, Provider, Registry, Server } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { callServer, type ServerOptions } from '../src/server/index.js';
import { servedService, servedSubscription } from './greeter.js';
import { Journal, JournalledBroker, JournalledRegistry, JournalledTransport } from './journalled-parts.js';
import { RecordingLogger } from './recording-logger.js';

/** How a server under test differs from the usual one. */
export interface ServerSetting {
  readonly options?: ServerOptions;
  readonly overTcp?: boolean;
  readonly reach?: NonNullable<Registry['capabilities']['reach']>;
  readonly broker?: boolean;
  readonly transports?: boolean;
  readonly interceptors?: readonly Interceptor[];
  /** Beside JSON. */
  readonly codecs?: readonly Codec[];
}

/** A server whose parts write down what it does with them: two transports, a broker, a registry. */
export function serverOf({ options, overTcp = false, reach, broker: withBroker = true, ...rest }: ServerSetting = {}) {
  const journal = new Journal();
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const registry = new JournalledRegistry(journal, {
    expires: true,
    consistency: {
      register: { level: 'strong', whenCutOff: 'refuses' },
      lookup: { level: 'strong', whenCutOff: 'refuses' },
      cachedCall: { level: 'eventual', whenCutOff: 'answers' },
    },
    ...(reach === undefined ? {} : { reach }),
  });
  const broker = new JournalledBroker(journal);
  const transport = new JournalledTransport(journal, 'stub', { overTcp, metadata: { protocol: 'mucp' } });
  const second = new JournalledTransport(journal, 'other', { overTcp });
  const codec = ((jsonCodec() as Provider<Codec>).create as () => Codec)();
  const create = callServer(options).create as unknown as (...parts: unknown[]) => Server;
  const transports = rest.transports === false ? [] : [transport, second];
  const bound = rest.interceptors ?? [];
  const codecs = [codec, ...(rest.codecs ?? [])];
  const parts = [registry, withBroker ? broker : undefined, codecs, undefined, bound, clock, logger];
  const server = create(transports, ...parts, ...unbound, []);
  return { journal, clock, logger, registry, broker, transport, server };
}

/** A service with nothing but a subscription. */
export const mailer = servedService({
  name: 'mailer',
  endpoints: [],
  subscriptions: [servedSubscription(() => {}, { topic: 'mail.wanted', options: { queue: 'mailer', maxInFlight: 7 } })],
});

/** A signal that nobody aborts. */
export function signalOf(): AbortSignal {
  return new AbortController().signal;
}

/** Local services, TLS, a meter, health, a plan to drain. */
const unbound = Array.from({ length: 5 }, () => undefined);
