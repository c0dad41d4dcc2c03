import { ServiceError } from '@tenon/contract';
import { callPath, isPathName } from '@tenon/contract/authoring';

/** The service and endpoint that a path names. */
export interface RequestPath {
  readonly service: string;
  readonly endpoint: string;
}

/**
 * Reads `/greeter/Greeter.Hello`. Percent-encoding is undone exactly once, and what comes out must be two plain names:
 * so the router and whoever authorizes see one spelling, whatever was sent. Undefined where the path does not have two
 * parts.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for a path with anything else in it: an empty part, `..`,
 * `;`, an encoded slash, a query.
 */
export function readPath(url: string): RequestPath | undefined {
  if (url === '/' || url === '*') return undefined;
  if (!url.startsWith('/')) throw malformed(url, 'it must begin with a slash');
  if (url.includes('?')) throw malformed(url, 'a query is not read; arguments belong into the body');
  const parts = url.slice(1).split('/');
  if (parts.includes('')) throw malformed(url, 'it has an empty part');
  const [service, endpoint, ...rest] = parts.map((part) => readName(part, url));
  return service === undefined || endpoint === undefined || rest.length > 0 ? undefined : { service, endpoint };
}

/**
 * The path of an endpoint.
 *
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for a name that no path can carry.
 */
export function writePath(service: string, endpoint: string): string {
  const path = callPath(service, endpoint);
  if (path !== undefined) return path;
  const refused = isPathName(service) ? endpoint : service;
  throw new ServiceError('InvalidArgument', `${JSON.stringify(refused.slice(0, 100))} cannot stand in an HTTP path`, {
    executed: 'no',
  });
}

function readName(part: string, url: string): string {
  if (!encoded.test(part)) throw malformed(url, 'a part of it has a character that no name has');
  let decoded: string;
  try {
    decoded = decodeURIComponent(part);
  } catch (cause) {
    throw malformed(url, 'its percent-encoding is no UTF-8', cause);
  }
  if (!isPathName(decoded)) throw malformed(url, 'a part of it has a character that no name has');
  return decoded;
}

function malformed(url: string, why: string, cause?: unknown): ServiceError {
  const shown = JSON.stringify(url.slice(0, 100));
  return new ServiceError('InvalidArgument', `path ${shown} is refused: ${why}; call POST /service/Endpoint`, {
    executed: 'no',
    cause,
  });
}

const encoded = /^(?:[A-Za-z0-9_$.:@+~-]|%[0-9A-Fa-f]{2})+$/;
