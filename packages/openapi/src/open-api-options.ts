import { ServiceError } from '@tenon/contract';

/** What a document says beside what the services say themselves. */
export interface DocumentOptions {
  /** Default: the names of the services, `greeter, orders`. */
  readonly title?: string;
  /** Default: the version of the service; where there are several, each with its own. */
  readonly version?: string;
  /** CommonMark. Default: none. */
  readonly description?: string;
  /**
   * Where calls go: whole URLs, or paths from where the document was fetched. Default `/`, the port that serves the document. Behind a
   * proxy that adds a path: that path.
   */
  readonly servers?: readonly string[];
}

/** Options of {@link openApi}. */
export interface OpenApiOptions extends DocumentOptions {
  /** Where the document is. Default `/openapi.json`. */
  readonly documentPath?: string;
  /** Where the page is, or `false` for none. Default `/docs`. Its parts lie below it. */
  readonly pagePath?: string | false;
}

export interface ResolvedOpenApiOptions {
  readonly document: DocumentOptions;
  readonly servers: readonly string[];
  readonly documentPath: string;
  readonly pagePath: string | undefined;
}

/** @throws ServiceError `InvalidArgument` that names option and value. */
export function resolveOpenApiOptions(options: OpenApiOptions = {}): ResolvedOpenApiOptions {
  const { documentPath = '/openapi.json', pagePath = '/docs', ...document } = options;
  const servers = resolveServers(document.servers);
  checkPath('documentPath', documentPath);
  if (pagePath !== false) checkPath('pagePath', pagePath);
  if (pagePath === documentPath) throw wrong('pagePath', pagePath, 'another path than documentPath');
  return Object.freeze({
    document: Object.freeze({ ...document, servers }),
    servers,
    documentPath,
    pagePath: pagePath === false ? undefined : pagePath,
  });
}

/** @throws ServiceError `InvalidArgument` for what is neither an address over HTTP nor a path. */
export function resolveServers(servers: readonly string[] = ['/']): readonly string[] {
  if (servers.length === 0) throw wrong('servers', servers, 'at least one URL, or left out');
  for (const server of servers) {
    const isUrl = url.test(server) && URL.canParse(server);
    if (!isUrl && !path.test(server))
      throw wrong('servers', server, 'an http: or https: URL, or a path that begins with a slash');
  }
  return Object.freeze([...servers]);
}

function checkPath(option: string, given: string): void {
  if (!path.test(given) || (given !== '/' && given.endsWith('/')))
    throw wrong(
      option,
      given,
      'a path of letters, digits and - . _ ~ / that begins with a slash and does not end with one',
    );
}

function wrong(option: string, given: unknown, must: string): ServiceError {
  const text = `openApi.${option} is ${JSON.stringify(given)}; it must be ${must}`;
  return new ServiceError('InvalidArgument', text, { executed: 'no' });
}

/** Without user and password, and nothing in the host that could be read as more than a host. */
const url = /^https?:\/\/[A-Za-z0-9.:[\]-]+(?:\/|$)/;

/** What needs no encoding in a path, in an attribute or in JSON. */
const path = /^\/(?:[A-Za-z0-9._~-]+\/?)*$/;
