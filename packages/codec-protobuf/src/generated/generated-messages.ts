import {
  create,
  createRegistry,
  type DescFile,
  type DescMessage,
  fromBinary,
  isMessage,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { ServiceError } from '@tenon/contract';
import { type BinaryForm, binaryForm, type GeneratedMessages, type GeneratedSchema } from '../generated-schema.js';
import { refusal } from '../refusal.js';
import { checkNesting } from './check-nesting.js';

/**
 * A generated message type as the schema of an endpoint: `@Endpoint({ request: generated(HelloRequestSchema) })`.
 *
 * A value that is no message of that type yet, because it came by another codec or is a plain object, becomes one by `create`.
 */
export function generated<Desc extends DescMessage>(desc: Desc): GeneratedSchema<MessageShape<Desc>> {
  const form = formOf(desc);
  return Object.freeze({
    [binaryForm]: form,
    '~standard': Object.freeze({
      version: 1 as const,
      vendor: 'tenon.protobuf',
      validate: (value: unknown) => {
        try {
          return { value: messageOf(desc, value) };
        } catch (thrown) {
          return {
            issues: [{ message: thrown instanceof ServiceError ? thrown.rawMessage : `it is no ${desc.typeName}` }],
          };
        }
      },
    }),
  });
}

/** Generated messages by name, for `protobufCodec({ generated: generatedMessages(file_greeter) })`. */
export function generatedMessages(...files: readonly DescFile[]): GeneratedMessages {
  const registry = createRegistry(...files);
  const forms = new Map<string, BinaryForm>();
  return Object.freeze({
    formOf(value: unknown) {
      const name = (value as { readonly $typeName?: unknown } | undefined)?.$typeName;
      if (typeof name !== 'string') return undefined;
      const known = forms.get(name);
      const desc = registry.getMessage(name);
      if (known !== undefined || desc === undefined) return known;
      const form = formOf(desc);
      forms.set(name, form);
      return form;
    },
  });
}

function formOf(desc: DescMessage): BinaryForm {
  return Object.freeze({
    encode(value: unknown) {
      const message = messageOf(desc, value);
      try {
        return toBinary(desc, message);
      } catch (thrown) {
        throw refused(desc, 'cannot be written', thrown);
      }
    },
    decode(bytes: Uint8Array) {
      checkNesting(desc, bytes);
      try {
        // A copy: bytes of the message must not be a view of the buffer they came in.
        return fromBinary(desc, new Uint8Array(bytes), { readUnknownFields: false });
      } catch (thrown) {
        // The library's words may repeat the input.
        throw refused(desc, 'is malformed', thrown instanceof ServiceError ? thrown : undefined);
      }
    },
  });
}

function messageOf<Desc extends DescMessage>(desc: Desc, value: unknown): MessageShape<Desc> {
  if (isMessage(value, desc)) return value;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject || isMessage(value)) throw refusal(`the value is no ${desc.typeName}`);
  try {
    return create(desc, value as MessageInitShape<Desc>);
  } catch (thrown) {
    throw refused(desc, 'cannot be made of the value', thrown);
  }
}

/** The library's own words stay in the cause, which does not travel. */
function refused({ typeName }: DescMessage, what: string, thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  const cause = thrown === undefined ? {} : { cause: thrown };
  return new ServiceError('InvalidArgument', `a ${typeName} ${what}`, { executed: 'no', ...cause });
}
