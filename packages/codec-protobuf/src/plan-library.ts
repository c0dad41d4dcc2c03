import type { DtoClass, Schema, ServedService } from '@tenon/contract';
import {
  ClassMessages,
  checkedProtoLock,
  checkLock,
  type FieldShape,
  type LockedMessage,
  type MessageShape,
  type ProtoLock,
  updateLock,
} from '@tenon/protobuf/messages';
import { type CompiledMessages, compileMessages } from './engine/compile-messages.js';
import type { FieldPlan, ItemPlan, MessagePlan } from './engine/message-plan.js';
import { binaryFormOf } from './generated-schema.js';
import { lockDisagreement } from './lock-disagreement.js';

/** What a library is made with. */
export interface LibraryParts {
  readonly locks: readonly ProtoLock[];
  readonly generateCode: boolean;
}

/** The messages of an application's classes, each class read and compiled once. */
export class PlanLibrary {
  readonly #classes = new ClassMessages();
  readonly #locks: readonly ProtoLock[];
  readonly #generateCode: boolean;
  readonly #compiled = new WeakMap<DtoClass, CompiledMessages>();

  /** @throws ServiceError `FailedPrecondition` on a lock that is malformed, or two that number a message differently. */
  constructor({ locks, generateCode }: LibraryParts) {
    this.#locks = locks.map((lock, index) => checkedProtoLock(lock, lock?.service ?? `lock ${index}`));
    this.#generateCode = generateCode;
    const disagreement = lockDisagreement(this.#locks);
    if (disagreement !== undefined) throw disagreement;
  }

  /**
   * The writer and reader of a class.
   *
   * @throws ServiceError `FailedPrecondition` that names class, field and mend, where protobuf cannot express it, or where it
   * does not agree with the lock.
   */
  of(schema: Schema): CompiledMessages {
    const known = typeof schema === 'function' ? this.#compiled.get(schema) : undefined;
    if (known !== undefined) return known;
    const shapes = this.#classes.all(schema, 'the value');
    const compiled = compileMessages(this.#plans([...shapes.values()]), { generateCode: this.#generateCode });
    this.#compiled.set(schema as DtoClass, compiled);
    return compiled;
  }

  /** Refuses a service of which there is a lock that its classes do not agree with. Others are nobody's affair until they are used. */
  checkService({ name, endpoints }: ServedService): void {
    const lock = this.#locks.find(({ service }) => service === name);
    if (lock === undefined) return;
    for (const { descriptor } of endpoints) {
      for (const [what, schema] of [
        ['request', descriptor.request],
        ['reply', descriptor.response],
      ] as const) {
        if (schema === undefined || binaryFormOf(schema) !== undefined) continue;
        checkLock([...this.#classes.all(schema, `the ${what} of ${descriptor.name}`).values()], lock);
      }
    }
  }

  #plans(shapes: readonly MessageShape[]): readonly MessagePlan[] {
    const numbers = this.#locks.length === 0 ? updateLock('', shapes).messages : this.#locked(shapes);
    const places = new Map(shapes.map(({ name }, place) => [name, place]));
    return shapes.map((shape) => {
      const locked = numbers[shape.name] as LockedMessage;
      return { name: shape.name, fields: shape.fields.map((field) => planField(shape, field, locked, places)) };
    });
  }

  #locked(shapes: readonly MessageShape[]): ProtoLock['messages'] {
    const found: Record<string, LockedMessage> = Object.create(null);
    for (const shape of shapes) {
      const lock =
        this.#locks.find(({ messages }) => Object.hasOwn(messages, shape.name)) ?? (this.#locks[0] as ProtoLock);
      checkLock([shape], lock);
      found[shape.name] = lock.messages[shape.name] as LockedMessage;
    }
    return found;
  }
}

function planField(
  { name }: MessageShape,
  { property, name: fieldName, type, optional, nullable }: FieldShape,
  locked: LockedMessage,
  places: ReadonlyMap<string, number>,
): FieldPlan {
  const item = type.kind === 'list' ? type.items : type.kind === 'map' ? type.values : type;
  return {
    property,
    number: locked.fields[fieldName]?.number as number,
    shape: type.kind === 'list' || type.kind === 'map' ? type.kind : 'one',
    item: planItem(item),
    optional,
    nullable,
    place: `${name}.${property}`,
  };

  function planItem(of: typeof item): ItemPlan {
    if (of.kind === 'message') return { kind: 'message', message: places.get(of.name) as number };
    if (of.kind !== 'enum') return of;
    const numbers = of.values.map(
      (value) => [value.text, locked.enums[of.name]?.values[value.name] as number] as const,
    );
    const texts = numbers.map(([text, number]) => [number, text] as const);
    return { kind: 'enum', numbers: new Map<unknown, number>(numbers), texts: new Map(texts) };
  }
}
