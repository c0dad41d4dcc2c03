export { memoryBroker } from '@tenon/broker-memory';
export { natsBroker } from '@tenon/broker-nats';
export { bytesCodec } from '@tenon/codec-bytes';
export { compiledCodec } from '@tenon/codec-compiled';
export { jsonCodec } from '@tenon/codec-json';
export { msgpackCodec } from '@tenon/codec-msgpack';
export { textCodec } from '@tenon/codec-text';
export * from '@tenon/contract';
export {
  type BackEndScope,
  type BreakerOptions,
  type BulkheadOptions,
  bulkhead,
  byEndpoint,
  byLabels,
  byVersion,
  CallContext,
  type CheckReport,
  type ClientOptions,
  type ConcurrencyOptions,
  type ConsistentHashOptions,
  callClient,
  callContext,
  callServer,
  consistentHashStrategy,
  currentCall,
  type DrainMoment,
  type EjectionOptions,
  type EventSubscription,
  type HealthOptions,
  type HealthReport,
  type IdempotencyOptions,
  type InboxOptions,
  inbox,
  type LimitBy,
  type LimitScope,
  type P2cOptions,
  p2cStrategy,
  type QueueOptions,
  type RateLimitOptions,
  type RetryBudgetOptions,
  type RetryOptions,
  randomHashStrategy,
  randomStrategy,
  rateLimit,
  registrySelector,
  roundRobinStrategy,
  type SelectorOptions,
  type ServerOptions,
  type SilenceOptions,
  type TlsOptions,
  tls,
  type VersionWeightsOptions,
  versionWeights,
  type ZoneAwareOptions,
  zoneAwareStrategy,
} from '@tenon/core';
export { type MemoryInboxOptions, MemoryInboxStore, memoryInbox } from '@tenon/inbox-memory';
export { etcdRegistry } from '@tenon/registry-etcd';
export { memoryRegistry } from '@tenon/registry-memory';
export { httpTransport } from '@tenon/transport-http';
export { memoryTransport } from '@tenon/transport-memory';
export { tcpTransport } from '@tenon/transport-tcp';
export { classValidator } from '@tenon/validator-class';
export { App } from './app/app.js';
export type { AppOptions } from './app/app-options.js';
export { createApp } from './app/create-app.js';
export type { AppDescription } from './app/description.js';
export type { Environment, ProfileName } from './app/environment.js';
export { type ClientMethod, ClientOf, type Plain, type Replies, type Requests } from './clients/client-of.js';
export { type ClientTarget, clientToken } from './clients/client-token.js';
export { Publisher } from './clients/publisher.js';
export { publisherToken } from './clients/publisher-token.js';
export { Endpoint, type EndpointOptions, type StreamKind } from './decorators/endpoint.js';
export { Event, type EventOptions, topicOf } from './decorators/event.js';
export { OnDrain, OnStart, OnStop } from './decorators/hooks.js';
export { Inject, Injectable, InjectClient, InjectPublisher, Optional } from './decorators/inject.js';
export { Service, type ServiceOptions } from './decorators/service.js';
export { Subscribe, type SubscribeDecoratorOptions } from './decorators/subscribe.js';
export { Use } from './decorators/use.js';
export { anything } from './definition/anything.js';
export { Contract, type ContractOptions, contract, contractOf, type ServiceContract } from './definition/contract.js';
export { readService } from './definition/read-service.js';
export type { AnyClass, ServiceDefinition, UseTarget } from './definition/service-definition.js';
export type { Module } from './di/modules.js';
export { type ConsoleLoggerOptions, consoleLogger } from './logging/console-logger.js';
