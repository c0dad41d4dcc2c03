import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ServiceError } from '@tenon/contract';
import { readFields } from '../status/rpc-status.js';

/** What somebody asks by `ServerReflectionRequest`. */
export interface ReflectionRequest {
  readonly asked: 'file' | 'symbol' | 'services' | 'other';
  /** The name of the file or symbol. */
  readonly text: string;
  readonly host: string;
  /** As it came: it goes back with the answer. */
  readonly bytes: Uint8Array;
}

/** What is answered by `ServerReflectionResponse`. */
export type ReflectionAnswer =
  | { readonly files: readonly Uint8Array[] }
  | { readonly services: readonly string[] }
  | { readonly code: number; readonly message: string };

/** @throws ServiceError `InvalidArgument` for bytes that are no such message. */
export function readRequest(bytes: Uint8Array): ReflectionRequest {
  let asked: ReflectionRequest['asked'] = 'other';
  const texts = ['', ''];
  try {
    readFields(bytes, (reader, field) => {
      const what = questions[field];
      if (field === 1) texts[0] = reader.string();
      else if (what !== undefined) {
        asked = what;
        texts[1] = reader.string();
      } else return false;
      return true;
    });
  } catch (cause) {
    throw new ServiceError('InvalidArgument', 'the request is no ServerReflectionRequest', { cause, executed: 'yes' });
  }
  return { asked, text: texts[1] ?? '', host: texts[0] ?? '', bytes };
}

export function writeResponse({ host, bytes }: ReflectionRequest, answer: ReflectionAnswer): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(host).tag(2, WireType.LengthDelimited).bytes(bytes);
  if ('files' in answer) {
    writer.tag(4, WireType.LengthDelimited).fork();
    for (const file of answer.files) writer.tag(1, WireType.LengthDelimited).bytes(file);
  } else if ('services' in answer) {
    writer.tag(6, WireType.LengthDelimited).fork();
    for (const name of answer.services) {
      writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(name).join();
    }
  } else {
    writer.tag(7, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.Varint).int32(answer.code).tag(2, WireType.LengthDelimited).string(answer.message);
  }
  return writer.join().finish();
}

const questions: Readonly<Record<number, 'file' | 'symbol' | 'services'>> = Object.freeze({
  3: 'file',
  4: 'symbol',
  7: 'services',
});
