import { type CallHandler, clientStreams, type EndpointKind, ServiceError } from '@tenon/contract';

/** What a path names. */
export interface CalledEndpoint {
  readonly service: string;
  /** `Greeter.Hello` */
  readonly endpoint: string;
  /** What the endpoint is here; undefined where there is none such. */
  readonly kind: EndpointKind | undefined;
}

/**
 * Reads the paths of calls: `/greeter.Greeter/Hello` is the endpoint `Greeter.Hello` of the service `greeter`.
 *
 * A caller that names the node that it means is a Tenon node, and means the service as written. Others may name a package in
 * protobuf's spelling (`user_profile` for `user-profile`), another than the service's or none, as go-micro's clients do: then the
 * endpoint alone must be enough, and where two services have one of that name, it is not.
 */
export class Paths {
  readonly #handler: CallHandler;
  /** Those that lead somewhere: what strangers make up is not kept. */
  readonly #known = new Map<string, CalledEndpoint>();

  constructor(handler: CallHandler) {
    this.#handler = handler;
  }

  /** @throws ServiceError `Unimplemented`, `executed: 'no'`, for a path that can name no endpoint. */
  find(path: string, node: string | undefined): CalledEndpoint {
    const key = node === undefined ? path : `${path} ${node}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [, packageName = '', type, method] = form.exec(path) ?? [];
    if (type === undefined || method === undefined) throw malformed(path);
    const endpoint = `${type}.${method}`;
    const service = this.#service(packageName, endpoint, node);
    const found = { service, endpoint, kind: this.#handler.kindOf(service, endpoint, node) };
    if (found.kind !== undefined && this.#known.size < maxKnown) this.#known.set(key, found);
    return found;
  }

  #service(packageName: string, endpoint: string, node: string | undefined): string {
    if (node !== undefined || packageName === '') return packageName;
    const handler = this.#handler;
    if (handler.refusal(packageName, undefined) === undefined) return packageName;
    const spelled = handler.services?.().find(({ name }) => protobufPackage(name) === packageName);
    if (spelled !== undefined) return spelled.name;
    return handler.kindOf('', endpoint, undefined) === undefined ? packageName : '';
  }
}

/** Whether calls of a kind are read message by message; of one that is not known nothing is read at all. */
export function readsMessages(kind: EndpointKind | undefined): boolean {
  return kind !== undefined && clientStreams(kind);
}

/** A service's name as protobuf lets a package be named: that of its .proto. */
export function protobufPackage(service: string): string {
  return service
    .split('.')
    .filter((part) => part !== '')
    .map((part) => part.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_'))
    .join('.');
}

function malformed(path: string): ServiceError {
  const shown = JSON.stringify(path.length > 100 ? `${path.slice(0, 100)}…` : path);
  return ServiceError.refusal('Unimplemented', `path ${shown} names no endpoint; write /package.Service/Method`, {
    executed: 'no',
  });
}

/** One spelling of each name: nothing is unescaped, and no second slash, query or parameter is cut off. */
const form = /^\/(?:([A-Za-z0-9_.@~+-]+)\.)?([A-Za-z0-9_$-]+)\/([A-Za-z0-9_$-]+)$/;
const maxKnown = 10_000;
