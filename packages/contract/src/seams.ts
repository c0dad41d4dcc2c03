import { Broker } from './broker.js';
import { Client } from './client.js';
import { Clock } from './clock.js';
import { Codec } from './codec.js';
import { HealthCheck } from './health-check.js';
import { HttpResource } from './http-resource.js';
import { InboxStore } from './inbox-store.js';
import { Interceptor } from './interceptor.js';
import { Logger } from './logger.js';
import { Meter } from './meter.js';
import type { Token } from './provider.js';
import { Registry } from './registry.js';
import { Selector } from './selector.js';
import { Server } from './server.js';
import { Strategy } from './strategy.js';
import { Tls } from './tls.js';
import { Transport } from './transport.js';
import { Validator } from './validator.js';

/** Every seam: what an application may rebind, and whose instances take part in its lifecycle. */
export const seams: readonly Token[] = Object.freeze([
  Broker,
  Client,
  Clock,
  Codec,
  HealthCheck,
  HttpResource,
  InboxStore,
  Interceptor,
  Logger,
  Meter,
  Registry,
  Selector,
  Server,
  Strategy,
  Tls,
  Transport,
  Validator,
]);

/** By which property of its instances a token's bindings stand side by side; undefined where there is only one. */
export function keyOf(token: unknown): string | undefined {
  const key: unknown = typeof token === 'function' ? Reflect.get(token, 'keyedBy') : undefined;
  return typeof key === 'string' ? key : undefined;
}
