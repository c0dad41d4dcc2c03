import {
  type App,
  type AppOptions,
  createApp,
  type Module,
  type Provider,
  provide,
  Registry,
  ServiceError,
  type ServiceRecord,
  type Transport,
  wrapped,
} from 'tenon';
import type { Handlers } from '../../workload/handlers.js';
import type { Connected, Serving } from '../contestant.js';
import { IteratedConversation } from '../conversation.js';
import { anotherConnection } from './another-connection.js';
import { callOptions, streamOptions, Tally } from './counted.js';
import { Echo, EchoHandlers } from './echo.js';

// Tenon whole, through the API that applications use: decorated classes, dependency injection, the typed client, default
// limits. Both sides are apps of the profile `test` with the wire that is measured; the record that the server registers
// goes to the client's own registry, so that every call passes the selector.

/** An app that answers, over the wire of `modules`. */
export async function serveTenon(
  handlers: Handlers,
  wire: Provider<Transport>,
  more: readonly Module[] = [],
  server: AppOptions['server'] = {},
): Promise<Serving> {
  const tally = new Tally();
  const app = await createApp({
    profile: 'test',
    server,
    services: [Echo],
    modules: [provide(EchoHandlers, [], () => handlers), ...tally.serverModules(), wire, ...more],
    log: { level: 'error' },
  });
  await app.start();
  const records = await app.get(Registry).lookup('echo');
  return {
    address: JSON.stringify(records),
    counts: () => tally.serverCounts(),
    close: () => app.close(),
  };
}

/** An app that calls it. */
export async function connectTenon(
  address: string,
  wire: Provider<Transport>,
  more: readonly Module[] = [],
): Promise<Connected> {
  const tally = new Tally();
  let transport: Transport | undefined;
  const watched = wrapped(wire, (inner) => {
    transport = inner;
    return inner;
  });
  const app = await createApp({
    profile: 'test',
    modules: [...tally.clientModules(), watched, ...more],
    log: { level: 'error' },
  });
  await app.start();
  const records = JSON.parse(address) as readonly ServiceRecord[];
  for (const record of records) await app.get(Registry).register(record, { ttlMs: 24 * 3_600_000 });
  return {
    ...callsOf(app, transport?.kinds),
    another: () => anotherConnection(app, transport as Transport, records),
    counts: () => tally.clientCounts(),
    close: () => app.close(),
  };
}

/** One app that calls itself, its values passing as `values` says. */
export async function serveTenonLocally(handlers: Handlers, values: 'codec' | 'reference'): Promise<LocalTenon> {
  const tally = new Tally();
  const app = await createApp({
    profile: 'test',
    services: [Echo],
    modules: [provide(EchoHandlers, [], () => handlers), ...tally.serverModules(), tally.clientInterceptor()],
    client: { local: values },
    log: { level: 'error' },
  });
  await app.start();
  const close = (): Promise<void> => app.close();
  return {
    serving: { address: 'local', counts: () => tally.serverCounts(), close: async () => undefined },
    connected: { ...callsOf(app, undefined), counts: () => tally.localCounts(), close },
  };
}

export interface LocalTenon {
  readonly serving: Serving;
  readonly connected: Connected;
}

/** Whether an error is how Tenon refuses an invalid request. */
export function refusesInvalid(error: unknown): boolean {
  return error instanceof ServiceError && error.code === 'InvalidArgument';
}

/** @param kinds - what the wire carries; undefined for a local call, which carries all. */
function callsOf(
  app: App,
  kinds: Transport['kinds'] | undefined,
): Pick<Connected, 'small' | 'records' | 'count' | 'echo'> {
  const echo = app.client(Echo);
  return {
    small: (request) => echo.small(request, callOptions),
    records: (request) => echo.records(request, callOptions),
    count: (request) => echo.count(request, streamOptions),
    ...(kinds?.includes('bidi') === false
      ? {}
      : { echo: () => new IteratedConversation((messages) => echo.converse(messages, streamOptions)) }),
  };
}
