import { type IncomingCall, ServiceError } from '@tenon/contract';
import type { Route } from './route.js';

type Routes = ReadonlyMap<string, Route>;

/**
 * Finds the code for a call by its canonical name. There is one spelling of every name, so that whatever decides by name
 * (routing, authorization, metrics) decides about the same thing.
 */
export class Router {
  readonly #nodes = new Map<string, { readonly service: string; readonly routes: Routes }>();
  readonly #services = new Map<string, Routes>();

  /** Adds one version of a service under its node's id. Calls that name no node go to the version added last. */
  add(nodeId: string, service: string, routes: readonly Route[]): void {
    const byEndpoint = new Map(routes.map((route) => [route.endpoint, route]));
    this.#nodes.set(nodeId, { service, routes: byEndpoint });
    this.#services.set(service, byEndpoint);
  }

  /**
   * The route of a call, if there is one. The service decides; the node only tells versions apart, so that a call meant
   * for an earlier run of this process still arrives. A wire without service names reaches endpoints that are unique.
   */
  find({ node, service, endpoint }: IncomingCall): Route | undefined {
    return service === '' ? this.#only(endpoint) : this.#offered(node, service)?.get(endpoint);
  }

  /**
   * Why `find` found nothing, with `executed: 'no'`: `Unimplemented`, or `Unavailable` where the caller meant a node that
   * is not here: its address belongs to this process now, and another node may well serve the call.
   */
  missing({ node, service, endpoint }: IncomingCall): ServiceError {
    const refuse = (code: 'Unavailable' | 'Unimplemented', why: string): ServiceError =>
      new ServiceError(code, why, { executed: 'no' });
    if (service === '') return refuse('Unimplemented', `there is no single endpoint "${shortened(endpoint)}" here`);
    const offered = this.#offered(node, service);
    if (offered !== undefined) {
      const what = `there is no endpoint "${shortened(endpoint)}" in service "${service}"`;
      return refuse('Unimplemented', `${what}; there ${listed([...offered.keys()])}`);
    }
    if (node === undefined) return refuse('Unimplemented', `service "${shortened(service)}" is not served here`);
    return refuse(
      'Unavailable',
      `node "${shortened(node)}" of service "${shortened(service)}" is not at this address any more`,
    );
  }

  #offered(node: string | undefined, service: string): Routes | undefined {
    const meant = node === undefined ? undefined : this.#nodes.get(node);
    return meant?.service === service ? meant.routes : this.#services.get(service);
  }

  #only(endpoint: string): Route | undefined {
    const found = [...this.#services.values()].flatMap((routes) => routes.get(endpoint) ?? []);
    return found.length === 1 ? found[0] : undefined;
  }
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
