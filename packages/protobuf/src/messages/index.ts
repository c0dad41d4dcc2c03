export { checkLock } from './check-lock.js';
export { ClassMessages } from './class-messages.js';
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
export { enumOf } from './shape-message.js';
export { updateLock } from './update-lock.js';
