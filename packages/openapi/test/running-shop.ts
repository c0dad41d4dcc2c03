import { type App, type AppOptions, createApp, httpTransport } from 'tenon';
import { type OpenApiOptions, openApi } from '../src/index.js';
import { Orders } from './shop.js';

/** An app with the shop's service and its document, listening on a free port of this machine. */
export class RunningShop implements AsyncDisposable {
  constructor(
    readonly app: App,
    /** `http://127.0.0.1:40123` */
    readonly url: string,
  ) {}

  static async started(options: AppOptions = {}, document: OpenApiOptions = {}): Promise<RunningShop> {
    const app = await createApp({
      services: [Orders],
      profile: 'test',
      log: { level: 'silent' },
      ...options,
      modules: [httpTransport(), openApi(document), ...(options.modules ?? [])],
    });
    await app.start();
    return new RunningShop(app, `${options.tls === undefined ? 'http' : 'https'}://${app.address?.listen}`);
  }

  get(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, { ...init, headers: { connection: 'close', ...init.headers } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}
