export { lockChanges, refuseRenumbering } from './lock-changes.js';
export * from './messages/index.js';
export { type ProtoFile, type ProtoFileOptions, protoFileOf, protoFileOfRecord } from './proto-file.js';
export { serviceShapeOfRecord } from './record-shape.js';
export { type DescribedEndpoint, type MethodShape, type ServiceShape, serviceShapeOf } from './service-shape.js';
