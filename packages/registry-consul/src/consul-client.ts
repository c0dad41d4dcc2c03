import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { type Clock, ServiceError } from '@tenon/contract';
import { closedError, type JsonAnswer, JsonClient, type JsonRequest } from '@tenon/contract/authoring';
import type { ResolvedConsulOptions } from './consul-options.js';
import type { AgentRegistration, Instance } from './instance.js';

/** How instances are asked for. */
export interface InstanceQuery {
  readonly consistency: 'default' | 'consistent' | 'stale';
  /** The index of an earlier answer: waits until there is a later one, `waitMs` at most. */
  readonly after?: { readonly index: number; readonly waitMs: number } | undefined;
  /** Only the instance of this id at its agent. */
  readonly serviceId?: string | undefined;
  /** Asks in the datacenter of the agent, where registrations go. */
  readonly isLocal?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Some instances, and the index up to which Consul has seen changes of them. */
export interface Instances {
  readonly instances: readonly Instance[];
  readonly index: number;
}

/** The calls of Consul's HTTP API that a registry needs, each with a bound. It never retries by itself and holds no timer. */
export class ConsulClient {
  readonly #options: ResolvedConsulOptions;
  readonly #agent: HttpAgent;
  readonly #json: JsonClient;
  readonly #onRecovered: () => void;
  #trouble: ServiceError | undefined;
  #isClosed = false;

  /** @param onRecovered - called when Consul answers again after it had not. */
  constructor(options: ResolvedConsulOptions, clock: Clock, onRecovered: () => void) {
    this.#options = options;
    this.#onRecovered = onRecovered;
    const isSecure = options.endpoint.startsWith('https:');
    const { serverName: servername, ...material } = options.tls;
    const tls = { ...material, ...(servername === undefined ? {} : { servername }), rejectUnauthorized: true };
    this.#agent = isSecure ? new HttpsAgent({ ...kept, ...tls }) : new HttpAgent(kept);
    this.#json = new JsonClient({
      server: 'Consul',
      baseUrl: options.endpoint,
      request: isSecure ? httpsRequest : httpRequest,
      agent: this.#agent,
      headers: options.headers,
      maxAnswerBytes: options.maxAnswerBytes,
      clock,
    });
  }

  /** Why the last call failed, where it was the connection or Consul itself, and none has succeeded since. */
  get trouble(): ServiceError | undefined {
    return this.#trouble;
  }

  /** Resolves where the agent knows a leader. */
  async probe(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { value } = await this.#ask({ method: 'GET', path: '/v1/status/leader', timeoutMs, signal });
    if (typeof value !== 'string' || value === '') throw unavailable('Consul has no leader');
  }

  /** Tells the agent of an instance, in place of what it knew of it. The catalog hears of it from the agent, a little later. */
  async register(body: AgentRegistration): Promise<void> {
    await this.#tell('/v1/agent/service/register?replace-existing-checks=true', body);
  }

  /** Says that an instance is well. Resolves with false where the agent does not know it. */
  pass(serviceId: string): Promise<boolean> {
    return unlessGone(this.#tell(`/v1/agent/check/pass/${encodeURIComponent(`service:${serviceId}`)}`));
  }

  /** Resolves with false where the agent does not know it. */
  deregister(serviceId: string): Promise<boolean> {
    return unlessGone(this.#tell(`/v1/agent/service/deregister/${encodeURIComponent(serviceId)}`));
  }

  async instances(service: string, query: InstanceQuery): Promise<Instances> {
    const { consistency, after, serviceId, signal } = query;
    const parameters = this.#parameters(consistency, query.isLocal);
    if (after !== undefined) parameters.push(`index=${after.index}`, `wait=${Math.ceil(after.waitMs)}ms`);
    if (serviceId !== undefined) parameters.push(`filter=${encodeURIComponent(`Service.ID == ${goText(serviceId)}`)}`);
    const path = `/v1/health/service/${encodeURIComponent(service)}${queryOf(parameters)}`;
    const { callTimeoutMs } = this.#options;
    // Consul adds up to a sixteenth, so that those who wait do not all come back at once.
    const timeoutMs = after === undefined ? callTimeoutMs : (after.waitMs * 17) / 16 + Math.min(callTimeoutMs, 3_000);
    const { value, headers } = await this.#ask({ method: 'GET', path, timeoutMs, signal });
    const index = Number(headers['x-consul-index']);
    if (!Number.isSafeInteger(index)) throw unavailable('Consul answers without an X-Consul-Index');
    return { instances: listOf<Instance>(value), index };
  }

  /** The names of all services, whether somebody of them is alive or not. */
  async serviceNames(signal: AbortSignal | undefined): Promise<readonly string[]> {
    const value = await this.#read('/v1/catalog/services', signal);
    if (typeof value !== 'object' || Array.isArray(value)) throw unavailable('Consul answers with no map of services');
    return Object.keys(value ?? {});
  }

  /** The names of services of which an instance, or the machine of one, is in a critical state. */
  async criticalServiceNames(signal: AbortSignal | undefined): Promise<ReadonlySet<string>> {
    const checks = listOf<{ readonly ServiceName?: unknown; readonly Node?: unknown } | null>(
      await this.#read('/v1/health/state/critical', signal),
    );
    const names = new Set(checks.map((check) => String(check?.ServiceName ?? '')));
    if (!names.delete('')) return names;
    // A check without a service is one of a machine, and speaks for all that runs there.
    const machines = new Set(checks.flatMap((check) => (check?.ServiceName ? [] : [String(check?.Node)])));
    for (const machine of machines) {
      const value = await this.#read(`/v1/catalog/node-services/${encodeURIComponent(machine)}`, signal);
      const services = listOf<{ readonly Service?: unknown } | null>(Object(value).Services);
      for (const service of services) names.add(String(service?.Service));
    }
    return names;
  }

  /** Closes every connection, and so gives up every call. Later calls reject with `FailedPrecondition`. */
  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #read(path: string, signal: AbortSignal | undefined): Promise<unknown> {
    const query = queryOf(this.#parameters(this.#options.consistency));
    const timeoutMs = this.#options.callTimeoutMs;
    return (await this.#ask({ method: 'GET', path: `${path}${query}`, timeoutMs, signal })).value;
  }

  async #tell(path: string, body?: unknown): Promise<void> {
    await this.#ask({ method: 'PUT', path, body, wants: 'nothing', timeoutMs: this.#options.callTimeoutMs });
  }

  #parameters(consistency: 'default' | 'consistent' | 'stale', isLocal = false): string[] {
    const { datacenter } = this.#options;
    return [
      ...(datacenter === undefined || isLocal ? [] : [`dc=${encodeURIComponent(datacenter)}`]),
      ...(consistency === 'default' ? [] : [consistency]),
    ];
  }

  async #ask(asked: JsonRequest): Promise<JsonAnswer> {
    if (this.#isClosed) throw closedError(us);
    try {
      const answer = await this.#json.ask(asked);
      this.#recover();
      return answer;
    } catch (thrown) {
      if (this.#isClosed) throw closedError(us);
      const error = ServiceError.from(thrown);
      if (error.code === 'Unavailable') this.#trouble = error;
      // Whoever refuses is there.
      else if (error.code !== 'Canceled') this.#recover();
      throw error;
    }
  }

  #recover(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.#onRecovered();
  }
}

/** For errors. */
export const us = 'the Consul registry';

/** Older agents say 500 and name the check that they do not know. */
async function unlessGone(told: Promise<void>): Promise<boolean> {
  try {
    await told;
    return true;
  } catch (thrown) {
    const error = ServiceError.from(thrown);
    if (error.code === 'NotFound' || olderGone.test(error.rawMessage)) return false;
    throw error;
  }
}

const olderGone = /status 500.*(?:unknown check|unknown service|does not have associated TTL)/i;

function queryOf(parameters: readonly string[]): string {
  return parameters.length === 0 ? '' : `?${parameters.join('&')}`;
}

/** Go writes `null` for an empty list. */
function listOf<T>(value: unknown): readonly T[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value as readonly T[];
  throw unavailable('Consul answers with no list');
}

/** Text as filters quote it. */
function goText(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function unavailable(message: string): ServiceError {
  return new ServiceError('Unavailable', message, { executed: 'no' });
}

/** What many calls at once have opened, after an outage, need not stay: beside those of waiting watches one connection is enough. */
const kept = Object.freeze({ keepAlive: true, maxFreeSockets: 1 });
