import type { ScalarKind } from '@tenon/protobuf/messages';

/** One message with its numbers: what encoders and decoders are made of. Messages that it nests are known by their place in a list. */
export interface MessagePlan {
  readonly name: string;
  readonly fields: readonly FieldPlan[];
}

export interface FieldPlan {
  /** The property of the object. */
  readonly property: string;
  readonly number: number;
  /** Whether the value is one item, a list of them, or a plain object whose values are items. */
  readonly shape: 'one' | 'list' | 'map';
  readonly item: ItemPlan;
  readonly optional: boolean;
  readonly nullable: boolean;
  /** `Line.quantity`, for errors. */
  readonly place: string;
}

export type ItemPlan =
  | { readonly kind: ScalarKind }
  | {
      readonly kind: 'enum';
      /** The number of each text. */
      readonly numbers: ReadonlyMap<unknown, number>;
      readonly texts: ReadonlyMap<number, string>;
    }
  | { readonly kind: 'message'; readonly message: number };

/** Whether absence is told from zero, false and the empty text. */
export function hasPresence({ optional, nullable, item }: FieldPlan): boolean {
  return optional || nullable || item.kind === 'message' || item.kind === 'date' || item.kind === 'enum';
}

/** What a value is that did not come and that has no presence; undefined where it is then absent. */
export function zeroOf(field: FieldPlan): unknown {
  if (field.shape === 'list') return field.optional || field.nullable ? undefined : [];
  if (field.shape === 'map') return field.optional || field.nullable ? undefined : {};
  return hasPresence(field) ? undefined : zeroItem(field.item.kind);
}

/** The value of an item that was left out where it must be one: in the entry of a map. */
export function zeroItem(kind: ItemPlan['kind']): unknown {
  switch (kind) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
    case 'enum':
      return 0;
    case 'bigint':
      return 0n;
    case 'bytes':
      return new Uint8Array(0);
    case 'date':
      return new Date(0);
    default:
      return undefined;
  }
}
