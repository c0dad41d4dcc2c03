import {
  all,
  type HttpAnswer,
  HttpResource,
  Logger,
  type Provider,
  provide,
  type ServiceRecord,
  Transport,
} from '@tenon/contract';
import { describeServices } from './document.js';
import { type OpenApiOptions, type ResolvedOpenApiOptions, resolveOpenApiOptions } from './open-api-options.js';
import { PageFiles } from './page-files.js';

/**
 * Serves the OpenAPI 3.1 document of an app's services, and a page to read and try them, at the app's own port. It is off unless
 * this stands in `modules`.
 *
 * Both are fetched through the app's interceptors, as calls are made, and are refused where those refuse: see `HttpResource`. The document says
 * what the registry tells everybody of the services, and nothing else.
 *
 * Throws `InvalidArgument` for an option that is no path or no URL.
 *
 * @example
 * const app = await createApp({ services: [Greeter], modules: [openApi()] });
 */
export function openApi(options: OpenApiOptions = {}): Provider<HttpResource> {
  const resolved = resolveOpenApiOptions(options);
  return provide(HttpResource, [all(Transport), Logger], (transports, logger) => {
    const answersHttp = transports.some(({ name }) => name === 'http');
    return new OpenApiResource(resolved, logger, answersHttp);
  });
}

class OpenApiResource implements HttpResource {
  readonly name = 'openapi';
  readonly paths: readonly string[];
  readonly #options: ResolvedOpenApiOptions;
  readonly #logger: Logger;
  readonly #answersHttp: boolean;
  readonly #page: PageFiles | undefined;
  #document: HttpAnswer | undefined;

  constructor(options: ResolvedOpenApiOptions, logger: Logger, answersHttp: boolean) {
    this.#options = options;
    this.#logger = logger;
    this.#answersHttp = answersHttp;
    this.#page = options.pagePath === undefined ? undefined : new PageFiles(options.pagePath, options);
    this.paths = [options.documentPath, ...(this.#page?.paths ?? [])];
  }

  async start(): Promise<void> {
    if (this.#answersHttp) return;
    this.#logger.warn(
      'the OpenAPI document tells of calls over HTTP, which no transport here answers: add httpTransport() to modules',
    );
  }

  answer(path: string, services: () => readonly ServiceRecord[]): HttpAnswer | Promise<HttpAnswer> {
    if (this.#page !== undefined && path !== this.#options.documentPath) return this.#page.answer(path);
    this.#document ??= this.#describe(services());
    return this.#document;
  }

  /** Once: what is served does not change. */
  #describe(services: readonly ServiceRecord[]): HttpAnswer {
    const { document, gaps } = describeServices(services, this.#options.document);
    for (const gap of gaps) this.#logger.warn('the OpenAPI document leaves something out', { gap });
    const fields = {
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    };
    return { status: 200, fields, body: JSON.stringify(document) };
  }
}
