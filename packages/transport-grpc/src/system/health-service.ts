import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { type CallHandler, type Clock, type IncomingCall, noMetadata, ServiceError } from '@tenon/contract';
import { protobufPackage } from '../server/paths.js';
import { readFields } from '../status/rpc-status.js';
import type { SystemMethod, SystemService } from './system-services.js';

/** `ServingStatus` of `grpc/health/v1/health.proto`. */
const servingStatus = Object.freeze({ serving: 1, notServing: 2, serviceUnknown: 3 });
type ServingStatus = (typeof servingStatus)[keyof typeof servingStatus];

/**
 * `grpc.health.v1.Health`: the app's own health, as gRPC's tools and load balancers ask for it. A service is serving while its
 * process is ready; its name is Tenon's (`greeter`) or gRPC's (`greeter.Greeter`), and the empty one is the whole server.
 *
 * Watchers are told of each change within a second, and that it is not serving when the server leaves.
 */
export class HealthService implements SystemService {
  readonly name = 'grpc.health.v1.Health';
  readonly methods: Readonly<Record<string, SystemMethod>>;
  readonly #handler: CallHandler;
  readonly #clock: Clock;
  /** Those who wait for the next look. */
  readonly #waiting = new Set<() => void>();
  #draining = false;

  constructor(handler: CallHandler, clock: Clock) {
    this.#handler = handler;
    this.#clock = clock;
    this.methods = Object.freeze({
      Check: { kind: 'unary', answer: (request: Uint8Array) => this.#check(request) },
      Watch: { kind: 'server', answer: (request: Uint8Array, signal: AbortSignal) => this.#watch(request, signal) },
    } as const);
  }

  drain(): void {
    this.#draining = true;
    for (const wake of [...this.#waiting]) wake();
  }

  async #check(request: Uint8Array): Promise<Uint8Array> {
    const name = serviceIn(request);
    const status = await this.#statusOf(name);
    if (status !== servingStatus.serviceUnknown) return response(status);
    throw ServiceError.refusal('NotFound', `there is no service ${JSON.stringify(name.slice(0, 100))} here`, {
      executed: 'yes',
    });
  }

  async *#watch(request: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const name = serviceIn(request);
    let told: ServingStatus | undefined;
    while (!signal.aborted) {
      const status = await this.#statusOf(name);
      if (status !== told) yield response(status);
      told = status;
      if (this.#draining) throw ServiceError.refusal('Unavailable', 'the server is stopping', { executed: 'yes' });
      await this.#nextLook(signal);
    }
  }

  async #statusOf(name: string): Promise<ServingStatus> {
    const service = this.#serviceNamed(name);
    if (service === undefined) return servingStatus.serviceUnknown;
    if (this.#draining) return servingStatus.notServing;
    return (await isReady(this.#handler, service, this.#clock)) ? servingStatus.serving : servingStatus.notServing;
  }

  /** By Tenon's name, or by that of the package of a gRPC service. */
  #serviceNamed(name: string): string | undefined {
    if (name === '' || this.#handler.refusal(name, undefined) === undefined) return name;
    const packageName = name.slice(0, Math.max(0, name.lastIndexOf('.')));
    if (packageName === '') return undefined;
    if (this.#handler.refusal(packageName, undefined) === undefined) return packageName;
    return this.#handler.services?.().find((service) => protobufPackage(service.name) === packageName)?.name;
  }

  #nextLook(signal: AbortSignal): Promise<void> {
    if (this.#draining || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancelTimer();
        signal.removeEventListener('abort', wake);
        this.#waiting.delete(wake);
        resolve();
      };
      const cancelTimer = this.#clock.after(lookMs, wake);
      signal.addEventListener('abort', wake, { once: true });
      this.#waiting.add(wake);
    });
  }
}

/** Asks the endpoint that every service of an app has for it. A server without one has nothing to say against itself. */
function isReady(handler: CallHandler, service: string, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const call: IncomingCall = {
      service,
      endpoint: 'Health.Check',
      kind: 'unary',
      metadata: noMetadata,
      deadline: clock.now() + answerWithinMs,
      peer: itself,
      contentType: 'application/json',
      decode: () => ({}),
      messages: () => {
        throw new ServiceError('FailedPrecondition', 'it is one request');
      },
      reply: ({ value }) => resolve((value as { readonly ready?: unknown } | undefined)?.ready !== false),
      fail: ({ code }) => resolve(code === 'Unimplemented'),
    };
    handler.handle(call);
  });
}

/** `HealthCheckRequest` */
function serviceIn(request: Uint8Array): string {
  let service = '';
  try {
    readFields(request, (reader, field) => {
      if (field !== 1) return false;
      service = reader.string();
      return true;
    });
  } catch (cause) {
    throw new ServiceError('InvalidArgument', 'the request is no HealthCheckRequest', { cause, executed: 'no' });
  }
  return service;
}

/** `HealthCheckResponse` */
function response(status: ServingStatus): Uint8Array {
  return new BinaryWriter().tag(1, WireType.Varint).int32(status).finish();
}

const itself = Object.freeze({ address: 'this process', transport: 'grpc' });
const lookMs = 1_000;
const answerWithinMs = 10_000;
