import { type IncomingCall, ServiceError, type ServingNode } from '@tenon/contract';
import type { Route } from './route.js';

/** One version of a service, as one node offers it. */
interface Offer {
  readonly service: string;
  readonly serving: ServingNode;
  readonly routes: ReadonlyMap<string, Route>;
  /** The endpoints that the framework adds: found like any other, and never listed. */
  readonly hidden: ReadonlyMap<string, Route>;
}

/** The names in a call that say where it goes. */
export type Wanted = Pick<IncomingCall, 'node' | 'service' | 'endpoint'>;

/**
 * Finds the code for a call by its canonical name. There is one spelling of every name, so that whatever decides by name
 * (routing, authorization, metrics) decides about the same thing.
 */
export class Router {
  readonly #nodes = new Map<string, Offer>();
  readonly #services = new Map<string, Offer>();
  /** What was found last: most calls want what the one before them wanted. */
  #lastWanted: Wanted = nothing;
  #lastRoute: Route | undefined;

  /**
   * Adds one version of a service under its node's id. Calls that name no node go to the version added last.
   *
   * @param hidden - found where the service has none of that name itself, and never listed.
   */
  add(serving: ServingNode, service: string, routes: readonly Route[], hidden: readonly Route[] = []): void {
    const byName = (some: readonly Route[]) => new Map(some.map((route) => [route.endpoint, route]));
    const offer = { service, serving, routes: byName(routes), hidden: byName(hidden) };
    this.#lastRoute = undefined;
    this.#nodes.set(serving.id, offer);
    this.#services.set(service, offer);
  }

  /** The node that answers calls to a service, or that was meant for them. */
  nodeOf(service: string, node: string | undefined): ServingNode | undefined {
    return this.#offered(node, service)?.serving;
  }

  /**
   * The route of a call, if there is one. The service decides; the node only tells versions apart, so that a call meant
   * for an earlier run of this process still arrives. A wire without service names reaches endpoints that are unique.
   */
  find({ node, service, endpoint }: Wanted): Route | undefined {
    const last = this.#lastWanted;
    if (this.#lastRoute !== undefined && endpoint === last.endpoint && service === last.service && node === last.node)
      return this.#lastRoute;
    const offer = service === '' ? undefined : this.#offered(node, service);
    this.#lastRoute =
      service === '' ? this.#only(endpoint) : (offer?.routes.get(endpoint) ?? offer?.hidden.get(endpoint));
    this.#lastWanted = { node, service, endpoint };
    return this.#lastRoute;
  }

  /**
   * Why `find` found nothing, with `executed: 'no'`: `Unimplemented`, or `Unavailable` where the caller meant a node that
   * is not here: its address belongs to this process now, and another node may well serve the call.
   */
  missing({ node, service, endpoint }: Wanted): ServiceError {
    const refuse = (code: 'Unavailable' | 'Unimplemented', why: string): ServiceError =>
      ServiceError.refusal(code, why, { executed: 'no' });
    if (service === '') return refuse('Unimplemented', `there is no single endpoint "${shortened(endpoint)}" here`);
    const offered = this.#offered(node, service);
    if (offered !== undefined) {
      const what = `there is no endpoint "${shortened(endpoint)}" in service "${service}"`;
      return refuse('Unimplemented', `${what}; there ${listed([...offered.routes.keys()])}`);
    }
    return notServed(service, node);
  }

  /** Why no call to a service, or to a node of it, is of use here, as `missing` says it; undefined where it is served. */
  refusal(service: string, node: string | undefined): ServiceError | undefined {
    return this.#offered(node, service) === undefined ? notServed(service, node) : undefined;
  }

  #offered(node: string | undefined, service: string): Offer | undefined {
    const meant = node === undefined ? undefined : this.#nodes.get(node);
    return meant?.service === service ? meant : this.#services.get(service);
  }

  #only(endpoint: string): Route | undefined {
    const found = [...this.#services.values()].flatMap(({ routes }) => routes.get(endpoint) ?? []);
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
    // What the framework adds is about the process, so that of any service will do.
    for (const { hidden } of this.#services.values()) if (hidden.has(endpoint)) return hidden.get(endpoint);
    return undefined;
  }
}

const nothing: Wanted = Object.freeze({ node: undefined, service: '', endpoint: '' });

function notServed(service: string, node: string | undefined): ServiceError {
  const what = `service "${shortened(service)}"`;
  if (node === undefined)
    return ServiceError.refusal('Unimplemented', `${what} is not served here`, { executed: 'no' });
  const gone = `node "${shortened(node)}" of ${what} is not at this address any more`;
  // To its callers it is as one that left: nobody should choose it again.
  return ServiceError.refusal('Unavailable', gone, { executed: 'no', refusal: 'draining' });
}

/** The registry tells everyone what a service offers, so its answer may too: the first ten, for whoever mistyped. */
function listed(endpoints: readonly string[]): string {
  const first = endpoints.slice(0, 10).join(', ');
  const more = endpoints.length > 10 ? ` and ${endpoints.length - 10} more` : '';
  return endpoints.length === 0 ? 'are none' : `${endpoints.length === 1 ? 'is' : 'are'} ${first}${more}`;
}

/** Names come from outside: a long one is not worth repeating. */
function shortened(name: string): string {
  return name.length <= 100 ? name : `${name.slice(0, 100)}…`;
}
