import { readFileSync } from 'node:fs';
import { protobufCodec } from '@tenon/codec-protobuf';
import type { ProtoLock } from '@tenon/protobuf/messages';
import { grpcTransport } from '@tenon/transport-grpc';
import type { Module, TlsOptions } from 'tenon';
import { type Served, served } from '../tenon/served.js';
import { echoedKeys, TestService } from './test-service.js';

/** Serves gRPC's `TestService` beside everything else on the port. */
export function servedTestService(tls?: TlsOptions): Promise<Served> {
  return served({ services: [TestService], modules: grpcModules(), ...(tls === undefined ? {} : { tls }) });
}

/** gRPC, with the numbers of fields that the tests have. */
export function grpcModules(): readonly Module[] {
  const lock = JSON.parse(readFileSync(lockFile, 'utf8')) as ProtoLock;
  return [grpcTransport({ trailing: [echoedKeys.trailing] }), protobufCodec({ locks: [lock] })];
}

/** This file runs from `test/interop/dist/interop/grpc`. */
const lockFile = new URL('../../../grpc/test-service.proto.lock.json', import.meta.url);
