import type { ServiceRecord } from './service-record.js';

/** What is answered to a `GET` of an {@link HttpResource}. To a `HEAD` the same is answered without the body. */
export interface HttpAnswer {
  /** 200 to 599. */
  readonly status: number;
  /** Header fields, names in lower case; `content-length` and what belongs to the connection are added by the port. */
  readonly fields: Readonly<Record<string, string>>;
  /** Text is sent as UTF-8. */
  readonly body: string | Uint8Array;
}

/**
 * Something that a browser or a tool fetches from the port of a server, beside the calls of its transports: a document, a page,
 * figures. Bind one with `provide(HttpResource, …)`; they stand side by side.
 *
 * Its paths are answered to `GET` and `HEAD`, over HTTP/1.1 and HTTP/2, before any transport sees the request; other methods at
 * them are for the transports. What is asked passes the server's interceptors as a call does, named `GET /path` of the service
 * that is called as the resource is, with the request's header fields as metadata: whoever refuses calls without a token refuses these
 * too. While the server drains they are refused with 503.
 *
 * @example
 * provide(HttpResource, [], (): HttpResource => ({
 *   name: 'robots',
 *   paths: ['/robots.txt'],
 *   answer: () => ({ status: 200, fields: { 'content-type': 'text/plain' }, body: 'User-agent: *\nDisallow: /\n' }),
 * }));
 */
export abstract class HttpResource {
  /** Resources are bound side by side; this property tells them apart. */
  static readonly keyedBy = 'name';

  /** Lower case: `openapi`. */
  abstract readonly name: string;
  /**
   * Where it is found: whole paths, each beginning with a slash, as they stand in a request, without a query. Two resources with
   * one path are an error at start.
   */
  abstract readonly paths: readonly string[];
  /**
   * Answers for one of its paths. What it throws, or rejects with, is answered as the error of a call is, with its status.
   *
   * @param path - one of {@link HttpResource.paths}.
   * @param services - what this server serves, as a registry is told of it; its nodes have an id and no address. The same for as long as it
   * serves.
   */
  abstract answer(path: string, services: () => readonly ServiceRecord[]): HttpAnswer | Promise<HttpAnswer>;
}
