import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import type { ServiceRecord } from '@tenon/contract';
import { fileDescriptor } from './file-descriptor.js';
import { checkLock } from './messages/check-lock.js';
import type { ProtoLock } from './messages/proto-lock.js';
import { updateLock } from './messages/update-lock.js';
import { protoText } from './proto-text.js';
import { serviceShapeOfRecord } from './record-shape.js';
import { type DescribedEndpoint, type ServiceShape, serviceShapeOf } from './service-shape.js';

/** The .proto of one service. */
export interface ProtoFile {
  /** Where it stands among other files: `go/micro/greeter.proto`, of the package `go.micro.greeter`. */
  readonly path: string;
  /** Its text, in proto3, as `protoc` takes it. */
  readonly text: string;
  /** What `protoc` makes of the text: for server reflection, and for `createFileRegistry` of @bufbuild/protobuf. */
  readonly descriptor: FileDescriptorProto;
  /** The numbers that stand in it. */
  readonly lock: ProtoLock;
}

/** How {@link protoFileOf} goes about it. */
export interface ProtoFileOptions {
  /**
   * The numbers of fields and enum values. Default: from 1, in the order of the class, which is fine until the first field is
   * removed or moved.
   */
  readonly lock?: ProtoLock | undefined;
}

/**
 * The .proto of a service of this process: package from the service's name, `service Greeter { rpc Hello }` from its
 * endpoints, a message for each class. An endpoint without a schema takes, or gives, `google.protobuf.Empty`.
 *
 * @throws ServiceError `FailedPrecondition` that names class, field and mend, where protobuf cannot express it, or where a class
 * does not agree with the lock.
 */
export function protoFileOf(
  service: string,
  endpoints: readonly DescribedEndpoint[],
  options: ProtoFileOptions = {},
): ProtoFile {
  return protoFile(serviceShapeOf(service, endpoints), options);
}

/** The same of a service in a registry, by the JSON Schemas in its record. */
export function protoFileOfRecord(record: ServiceRecord, options: ProtoFileOptions = {}): ProtoFile {
  return protoFile(serviceShapeOfRecord(record), options);
}

function protoFile(service: ServiceShape, { lock: given }: ProtoFileOptions): ProtoFile {
  if (given !== undefined) checkLock(service.messages, given);
  const lock = given ?? updateLock(service.name, service.messages);
  const path = `${service.package.replaceAll('.', '/')}.proto`;
  return Object.freeze({
    path,
    text: protoText(service, lock),
    descriptor: fileDescriptor(service, lock, path),
    lock,
  });
}
