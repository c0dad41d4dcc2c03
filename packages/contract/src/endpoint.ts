import type { CallPolicy } from './call-policy.js';
import type { Schema } from './schema.js';

/** `unary`: one request, one reply. `server`, `client`, `bidi`: who streams. */
export type EndpointKind = 'unary' | 'server' | 'client' | 'bidi';

/** Whether calls of this kind have many requests. */
export function clientStreams(kind: EndpointKind): boolean {
  return kind === 'client' || kind === 'bidi';
}

/** Whether calls of this kind have many replies. */
export function serverStreams(kind: EndpointKind): boolean {
  return kind === 'server' || kind === 'bidi';
}

/** One endpoint of a service as callers, servers, transports and codecs need to know it. */
export interface EndpointDescriptor {
  readonly service: string;
  /** Canonical: `Greeter.Hello`, the class (or its `as`) and the method with a capital first letter. */
  readonly name: string;
  readonly kind: EndpointKind;
  /** Repeating the call changes nothing more. Lets a client try again where it cannot tell whether the handler ran. */
  readonly idempotent: boolean;
  readonly request?: Schema | undefined;
  readonly response?: Schema | undefined;
  /** How calls are made unless they say otherwise. Absent: as the client's options say. */
  readonly policy?: CallPolicy | undefined;
}

/**
 * The canonical spelling of an endpoint name: the method's first letter is capital. Both sides use this one function, so
 * routing and authorization never see two spellings of one name.
 */
export function canonicalEndpoint(typeName: string, method: string): string {
  return `${typeName}.${method.charAt(0).toUpperCase()}${method.slice(1)}`;
}
