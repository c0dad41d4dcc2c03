import { readFileSync } from 'node:fs';
import { type App, type AppOptions, createApp, httpTransport, tcpTransport } from 'tenon';
import { Greeter } from './greeter.js';

/** An app that strangers call, on a loopback port of its own. */
export interface Served extends AsyncDisposable {
  readonly app: App;
  readonly port: number;
}

/**
 * Serves a class as any user would: with the wires that share a port by default. What strangers provoke is not logged.
 *
 * @param options - those of `createApp`; modules come on top of the default wires
 */
export async function served({ modules = [], ...options }: AppOptions = {}): Promise<Served> {
  const app = await createApp({
    profile: 'test',
    services: [Greeter],
    log: { level: 'silent' },
    ...options,
    modules: [tcpTransport(), httpTransport(), ...modules],
  });
  try {
    await app.start();
    const port = Number(app.describe().address?.listen.split(':').at(-1));
    return { app, port, [Symbol.asyncDispose]: () => app.close() };
  } catch (thrown) {
    await app.close();
    throw thrown;
  }
}

/** A certificate for 127.0.0.1, its key, and the file of the authority that signed it. */
export function certificate(): { readonly cert: string; readonly key: string; readonly ca: URL } {
  const pem = (name: string): string => readFileSync(new URL(name, folder), 'utf8');
  return { cert: pem('server.pem'), key: pem('server-key.pem'), ca: new URL('ca.pem', folder) };
}

/** This file runs from `test/interop/dist/interop/tenon`. */
const folder = new URL('../../../../tls/', import.meta.url);
