import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { protoFileOf } from '@tenon/protobuf';
import { type AnyClass, readService } from 'tenon';
import { testServiceLock } from './served-test-service.js';
import { TestService } from './test-service.js';

/** Writes the `.proto` that is derived from a service into a folder, and gives its path there. */
export function writeProto(folder: string, service: AnyClass = TestService): string {
  const { name, endpoints } = readService(service);
  const descriptors = endpoints.map(({ descriptor }) => descriptor);
  const file = protoFileOf(name, descriptors, service === TestService ? { lock: testServiceLock() } : {});
  const path = join(folder, file.path);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, file.text);
  return path;
}
