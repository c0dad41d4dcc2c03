import { readFileSync } from 'node:fs';
import { protobufCodec } from '@tenon/codec-protobuf';
import { type ProtoLock, parseProtoLock } from '@tenon/protobuf/messages';
import { grpcTransport } from '@tenon/transport-grpc';
import type { Module, TlsOptions } from 'tenon';
import { type Served, served } from '../tenon/served.js';
import { echoedKeys, TestService } from './test-service.js';

/** Serves gRPC's `TestService` beside everything else on the port. */
export function servedTestService(tls?: TlsOptions): Promise<Served> {
  return served({
    services: [TestService],
    modules: [grpcTransport({ trailing: [echoedKeys.trailing] }), protobuf()],
    ...(tls === undefined ? {} : { tls }),
  });
}

/** The codec, with the numbers of fields that gRPC's tests have. */
export function protobuf(): Module {
  return protobufCodec({ locks: [testServiceLock()] });
}

export function testServiceLock(): ProtoLock {
  return parseProtoLock(readFileSync(lockFile, 'utf8'));
}

/** This file runs from `test/interop/dist/interop/grpc`. */
const lockFile = new URL('../../../grpc/test-service.proto.lock.json', import.meta.url);
