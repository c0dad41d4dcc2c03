import type { CodecSession, Decoder, Encoder, Schema, Sink } from '@tenon/contract';
import { type BinaryForm, binaryFormOf, type GeneratedMessages } from './generated-schema.js';
import type { PlanLibrary } from './plan-library.js';
import { refusal } from './refusal.js';

/** Finds for each schema how its values are written: generated messages in their own way, classes as they were compiled. */
export class ProtobufSession implements CodecSession {
  readonly #plans: PlanLibrary;
  readonly #generated: GeneratedMessages | undefined;

  constructor(plans: PlanLibrary, generated: GeneratedMessages | undefined) {
    this.#plans = plans;
    this.#generated = generated;
  }

  encoder(schema?: Schema): Encoder {
    const form = binaryFormOf(schema);
    if (form !== undefined) return writesForm(form);
    return schema === undefined ? this.#withoutSchema : this.#plans.of(schema).encode;
  }

  decoder(schema?: Schema): Decoder {
    const form = binaryFormOf(schema);
    if (form !== undefined) return (buffer, start, end) => form.decode(buffer.subarray(start, end));
    return schema === undefined ? readsNothing : this.#plans.of(schema).decode;
  }

  /** Nothing, which is `google.protobuf.Empty`; or a generated message, which says itself what it is. */
  readonly #withoutSchema: Encoder = (value, sink) => {
    if (value === undefined || value === null) return;
    const form = this.#generated?.formOf(value);
    if (form !== undefined) append(form.encode(value), sink);
    else if (!isEmpty(value)) throw refusal(`a value without a class cannot be written as protobuf: ${mend}`);
  };
}

function writesForm(form: BinaryForm): Encoder {
  return (value, sink) => append(form.encode(value), sink);
}

function append(bytes: Uint8Array, sink: Sink): void {
  sink.ensure(bytes.length);
  sink.buffer.set(bytes, sink.position);
  sink.position += bytes.length;
}

function readsNothing(_buffer: Uint8Array, start: number, end: number): unknown {
  if (start === end) return {};
  throw refusal(`bytes without a class cannot be read as protobuf: ${mend}`);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 && !Array.isArray(value);
}

const mend =
  "give the endpoint's request a class and say @Endpoint({ response: TheClass }); a caller needs the service's class, not its name alone";
