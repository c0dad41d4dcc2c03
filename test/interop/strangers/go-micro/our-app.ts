import { httpBroker } from '@tenon/broker-http';
import { grpcTransport } from '@tenon/transport-grpc';
import { type App, createApp, httpTransport, type Module } from 'tenon';
import { Greeter } from './gopher.js';

/** An app that serves the {@link Greeter} and calls the Gopher, over mucp and gRPC on one port. What strangers provoke is not logged. */
export async function ourApp(registry: Module): Promise<App> {
  const app = await createApp({
    profile: 'test',
    log: { level: 'silent' },
    services: [Greeter],
    modules: [registry, httpTransport(), grpcTransport(), httpBroker()],
  });
  try {
    await app.start();
    return app;
  } catch (thrown) {
    await app.close();
    throw thrown;
  }
}

/** How long we wait for what a registry or a broker has yet to tell. */
export const patience = { withinMs: 20_000, everyMs: 50 };
