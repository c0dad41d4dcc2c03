export { checkLock } from './check-lock.js';
export { ClassMessages } from './class-messages.js';
export { lockChanges, refuseRenumbering } from './lock-changes.js';
export {
  type EnumType,
  type EnumValue,
  type FieldShape,
  type FieldType,
  type ItemType,
  itemOf,
  type MessageShape,
  type ScalarKind,
  typeText,
} from './message-shape.js';
export {
  checkedProtoLock,
  formatProtoLock,
  type LockedEnum,
  type LockedField,
  type LockedMessage,
  type ProtoLock,
  parseProtoLock,
} from './proto-lock.js';
export { serviceShapeOfRecord } from './record-shape.js';
export { type DescribedEndpoint, type MethodShape, type ServiceShape, serviceShapeOf } from './service-shape.js';
export { enumOf } from './shape-message.js';
export { updateLock } from './update-lock.js';
