import { httpBroker } from '@tenon/broker-http';
import { memoryBroker } from '@tenon/broker-memory';
import { natsBroker } from '@tenon/broker-nats';
import { bytesCodec } from '@tenon/codec-bytes';
import { compiledCodec } from '@tenon/codec-compiled';
import { jsonCodec } from '@tenon/codec-json';
import { msgpackCodec } from '@tenon/codec-msgpack';
import { protobufCodec } from '@tenon/codec-protobuf';
import { textCodec } from '@tenon/codec-text';
import { Clock, Meter, provide } from '@tenon/contract';
import { silentMeter, systemClock } from '@tenon/contract/authoring';
import {
  callClient,
  callServer,
  drainPlan,
  localServices,
  p2cStrategy,
  processHealth,
  registrySelector,
  tls,
} from '@tenon/core';
import { consulRegistry } from '@tenon/registry-consul';
import { etcdRegistry } from '@tenon/registry-etcd';
import { memoryRegistry } from '@tenon/registry-memory';
import { httpTransport } from '@tenon/transport-http';
import { memoryTransport } from '@tenon/transport-memory';
import { tcpTransport } from '@tenon/transport-tcp';
import { classValidator } from '@tenon/validator-class';
import type { Module } from '../di/modules.js';
import { consoleLogger } from '../logging/console-logger.js';
import type { ResolvedAppOptions } from './app-options.js';
import { localRegistry } from './local-registry.js';

/** The providers that an app has before its own `modules`: those of every profile, and those of the chosen one. */
export function profileModules(options: ResolvedAppOptions): readonly Module[] {
  const { etcd, nats, consul } = options.environment;
  const everywhere: readonly Module[] = [
    provide(Clock, [], systemClock),
    provide(Meter, [], silentMeter),
    consoleLogger(options.log),
    jsonCodec(),
    msgpackCodec(),
    textCodec(),
    // For go-micro peers and gRPC: asked for by its content type, and by that alone.
    protobufCodec(),
    bytesCodec(),
    // The last: wires where each message says its type begin with the first ones; tenon/1 puts it before what it is over.
    compiledCodec(),
    classValidator(),
    p2cStrategy(),
    registrySelector(),
    localServices(),
    callClient(options.client),
    processHealth(options.health),
    drainPlan({ drainDelayMs: options.drainDelayMs }),
    callServer(options.server),
    ...(options.tls === undefined ? [] : [tls(options.tls)]),
  ];
  if (options.profile === 'test') return [...everywhere, memoryRegistry(), memoryTransport(), memoryBroker()];
  if (options.profile === 'local')
    return [...everywhere, localRegistry(), httpTransport(), tcpTransport(), httpBroker()];
  if (options.profile === 'classic') {
    const registry = consulRegistry(consul === undefined ? {} : { endpoint: consul });
    return [...everywhere, registry, httpTransport(), httpBroker()];
  }
  return [
    ...everywhere,
    etcdRegistry(etcd === undefined ? {} : { endpoints: [...etcd] }),
    // The later one is asked first: nodes of Tenon's own are called over tenon/1.
    httpTransport(),
    tcpTransport(),
    natsBroker(nats === undefined ? {} : { servers: [...nats] }),
  ];
}

/** How a person mends that a back end of a profile is missing. Said once, when starting has to wait for it. */
export const howToStart = Object.freeze({
  classicRegistry:
    'start one: `consul agent -dev`, or `docker run -p 8500:8500 hashicorp/consul`; name another by TENON_CONSUL',
  Registry:
    'start one: `apt-get install etcd-server && etcd`, or `docker run -p 2379:2379 quay.io/coreos/etcd etcd --listen-client-urls http://0.0.0.0:2379 --advertise-client-urls http://127.0.0.1:2379`; name another by TENON_ETCD',
  Broker:
    'start one: `apt-get install nats-server && nats-server`, or `docker run -p 4222:4222 nats`; name another by TENON_NATS',
});
