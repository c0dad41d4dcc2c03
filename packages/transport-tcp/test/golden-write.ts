import { type Call, type Code, noMetadata, ServiceError } from '@tenon/contract';
import type { GoldenFrame } from '../../../test/wire/golden-table.js';
import { type ClientWay, sendCall, sendCancel } from '../src/client-call.js';
import { BoundCodecs, ConnectionCodec } from '../src/connection-codecs.js';
import { writeCredit } from '../src/connection-credit.js';
import type { NamedEndpoint } from '../src/endpoint-names.js';
import { codeOfNumber, writeError } from '../src/error-payload.js';
import type { FrameWriter } from '../src/frame-writer.js';
import { MetadataWriter, writeName } from '../src/wire-metadata.js';
import { bytesCodec } from './bytes-codec.js';

/** Whether this side ever writes such a frame just so. */
export function isWritten(frame: GoldenFrame): boolean {
  // It lists all its limits, names each key before it uses it, and cuts messages elsewhere.
  if (frame.type === 'HELLO' || frame.type === 'WELCOME' || frame.type === 'REST' || frame.more === true) return false;
  if (typeof frame.type === 'number' || frame.optional === true || frame.reserved !== undefined) return false;
  return (frame.metadata ?? []).every(([key]) => key === 1);
}

/** Writes a frame as the connections do. The key with the number 1, `tenant`, is named before it. */
export function writeGolden(writer: FrameWriter, frame: GoldenFrame): void {
  const { type, slot = 0, turn = 0 } = frame;
  const id = (turn << 16) | slot;
  const codec = new ConnectionCodec(new BoundCodecs([bytesCodec]), bytesCodec.contentType, frame.codec ?? 0, false);
  const code = frame.code ?? 0;
  switch (type) {
    case 'NAME':
      writeName(
        writer,
        frame.what === 'key' ? 1 : 0,
        frame.number ?? 0,
        kinds.indexOf(frame.kind ?? 'unary'),
        frame.name ?? '',
      );
      return;
    case 'CALL':
      writeCall(writer, id, frame, codec);
      return;
    case 'ERROR': {
      const details = frame.codec === 255 ? {} : { details: Buffer.from(frame.details ?? '', 'hex') };
      const { message = '', ...names } = frame.record ?? {};
      const fields = { executed: frame.executed ?? 'maybe', ...names, ...details } as const;
      writeError(writer, id, new ServiceError(codeOfNumber(code) as Code, message, fields), codec);
      return;
    }
    case 'CANCEL':
      sendCancel({ writer } as unknown as ClientWay, id, new ServiceError(codeOfNumber(code) as Code, ''));
      return;
    case 'CREDIT':
      writeCredit(writer, id, frame.bytes ?? 0);
      return;
    default:
      writePlain(writer, id, frame);
  }
}

/** The metadata of a frame, whose only key is the one with the number 1. */
function metadataOf({ metadata = [] }: GoldenFrame): Readonly<Record<string, string>> {
  return metadata.length === 0 ? noMetadata : Object.fromEntries(metadata.map(([, value]) => ['tenant', value]));
}

function writeCall(writer: FrameWriter, id: number, frame: GoldenFrame, codec: ConnectionCodec): void {
  const encoder = codec.encoder(undefined);
  const endpoint = { number: frame.endpoint, codec, encoder, hasRequest: true } as unknown as NamedEndpoint;
  const way = { writer, metadataWriter: new MetadataWriter(writer), maxMessageBytes: 1_000 } as unknown as ClientWay;
  const call = { value: Buffer.from(frame.request ?? '', 'hex'), metadata: metadataOf(frame) } as unknown as Call;
  sendCall(way, id, endpoint, call, (frame.timeLeftUs || Number.POSITIVE_INFINITY) / 1_000);
}

/** Frames that are written where they are needed: a type, perhaps metadata, and bytes. */
function writePlain(writer: FrameWriter, id: number, frame: GoldenFrame): void {
  const [type, hasMetadata] = plain[frame.type as string] as readonly [number, boolean];
  const bytes = Buffer.from(frame.payload ?? frame.reply ?? '', 'hex');
  const metadataWriter = new MetadataWriter(writer);
  const entries = metadataWriter.announce(metadataOf(frame));
  const lead =
    frame.type === 'GOAWAY'
      ? Buffer.concat([Buffer.from([frame.code ?? 0]), Buffer.from(frame.reason ?? '')])
      : Buffer.from(hasMetadata ? [entries] : frame.type === 'LEARN' ? [frame.codec ?? 0] : []);
  writer.begin(type, id);
  for (const part of [lead, bytes]) {
    if (part === bytes && hasMetadata) metadataWriter.write(metadataOf(frame));
    writer.ensure(part.length);
    writer.buffer.set(part, writer.position);
    writer.position += part.length;
  }
  writer.end();
}

const plain: Readonly<Record<string, readonly [type: number, hasMetadata: boolean]>> = {
  GOAWAY: [0x03, false],
  PING: [0x04, false],
  PONG: [0x05, false],
  LEARN: [0x07, false],
  HEAD: [0x11, true],
  DATA: [0x12, false],
  END: [0x13, false],
  REPLY: [0x14, true],
  STOP: [0x17, false],
};
const kinds = ['unary', 'server', 'client', 'bidi'];
