import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** A message of any type, as `google.protobuf.Any`. */
export interface AnyMessage {
  /** `type.googleapis.com/google.rpc.ErrorInfo` */
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** `google.rpc.Status`: what `grpc-status-details-bin` holds. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  readonly details: readonly AnyMessage[];
}

/** `google.rpc.ErrorInfo`: facts about an error that every language of gRPC has a class for. */
export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** go-micro's `errors.Error`, which its clients look for in the first place. */
export interface GoMicroError {
  readonly id: string;
  /** An HTTP status. */
  readonly code: number;
  readonly detail: string;
  readonly status: string;
}

export function writeStatus({ code, message, details }: RpcStatus): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Varint).int32(code);
  if (message !== '') writer.tag(2, WireType.LengthDelimited).string(message);
  for (const { typeUrl, value } of details) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(typeUrl).tag(2, WireType.LengthDelimited).bytes(value).join();
  }
  return writer.finish();
}

/** @throws Error for bytes that are no such message. */
export function readStatus(bytes: Uint8Array): RpcStatus {
  let code = 0;
  let message = '';
  const details: AnyMessage[] = [];
  readFields(bytes, (reader, field) => {
    if (field === 1) code = reader.int32();
    else if (field === 2) message = reader.string();
    else if (field === 3) details.push(readAny(reader.bytes()));
    else return false;
    return true;
  });
  return { code, message, details };
}

export function writeErrorInfo({ reason, domain, metadata }: ErrorInfo): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(reason).tag(2, WireType.LengthDelimited).string(domain);
  for (const [key, value] of Object.entries(metadata)) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key).tag(2, WireType.LengthDelimited).string(value).join();
  }
  return writer.finish();
}

/** @throws Error for bytes that are no such message. */
export function readErrorInfo(bytes: Uint8Array): ErrorInfo {
  const texts = ['', '', ''];
  const metadata: Record<string, string> = Object.create(null);
  readFields(bytes, (reader, field) => {
    if (field === 1 || field === 2) texts[field] = reader.string();
    else if (field === 3) {
      const { typeUrl: key, value } = readAny(reader.bytes());
      metadata[key] = new TextDecoder().decode(value);
    } else return false;
    return true;
  });
  return { reason: texts[1] ?? '', domain: texts[2] ?? '', metadata };
}

export function writeGoMicroError({ id, code, detail, status }: GoMicroError): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.LengthDelimited).string(id).tag(2, WireType.Varint).int32(code);
  return writer
    .tag(3, WireType.LengthDelimited)
    .string(detail)
    .tag(4, WireType.LengthDelimited)
    .string(status)
    .finish();
}

/** @throws Error for bytes that are no such message. */
export function readGoMicroError(bytes: Uint8Array): GoMicroError {
  const error = { id: '', code: 0, detail: '', status: '' };
  readFields(bytes, (reader, field) => {
    if (field === 1) error.id = reader.string();
    else if (field === 2) error.code = reader.int32();
    else if (field === 3) error.detail = reader.string();
    else if (field === 4) error.status = reader.string();
    else return false;
    return true;
  });
  return error;
}

/** Reads each field of a message; `read` returns false for one that it does not know and has not read. */
export function readFields(bytes: Uint8Array, read: (reader: BinaryReader, field: number) => boolean): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (!read(reader, field)) reader.skip(type, field);
  }
}

/** A text and bytes, which an entry of a map of texts is too. */
function readAny(bytes: Uint8Array): AnyMessage {
  let typeUrl = '';
  let value: Uint8Array = new Uint8Array();
  readFields(bytes, (reader, field) => {
    if (field === 1) typeUrl = reader.string();
    else if (field === 2) value = new Uint8Array(reader.bytes());
    else return false;
    return true;
  });
  return { typeUrl, value };
}
