import { compiledCodec } from '@tenon/codec-compiled';
import { msgpackCodec } from '@tenon/codec-msgpack';
import type { BuildPlan, Codec, CodecSession, Logger, Provider, Schema } from '@tenon/contract';
import { BufferSink, openSession } from '@tenon/contract/authoring';
import { RecordingLogger } from './recording-logger.js';

/** One application's end of a connection: its own codec, which knows its own classes. */
export class End {
  readonly logger = new RecordingLogger();
  readonly codec: Codec;
  readonly session: CodecSession;

  constructor(options: { readonly generateCode?: boolean } = {}) {
    this.codec = made(compiledCodec(options), this.logger);
    this.session = this.open(true);
  }

  open(linked: boolean): CodecSession {
    return openSession(this.codec, [msgpack(), this.codec], { linked });
  }
}

/** A connection without a wire between its ends. */
export class Pair {
  readonly client = new End();
  readonly server = new End();

  /** What arrives of a value: its bytes, and what they are read as. Announcements go both ways behind it. */
  say(value: unknown, written: Schema | undefined, read: Schema | undefined, plan?: BuildPlan): Heard {
    const bytes = encoded(this.client.session, value, written);
    const heard = this.server.session.decoder(read, plan)(bytes, 0, bytes.length);
    this.exchange();
    return { bytes, heard };
  }

  /** Until nobody has news. */
  exchange(): void {
    for (let said = true; said; ) {
      said = pass(this.client.session, this.server.session);
      said = pass(this.server.session, this.client.session) || said;
    }
  }
}

export interface Heard {
  readonly bytes: Buffer;
  readonly heard: unknown;
}

export function encoded(session: CodecSession, value: unknown, schema?: Schema): Buffer {
  const sink = new BufferSink();
  session.encoder(schema)(value, sink);
  return sink.bytes();
}

/** What one session has to say, to the other. Whether it had something. */
export function pass(from: CodecSession, to: CodecSession): boolean {
  const news = from.announce?.();
  if (news !== undefined) to.learn?.(news, 0, news.length);
  return news !== undefined;
}

export function msgpack(): Codec {
  return made(msgpackCodec());
}

function made(provider: Provider<Codec>, logger?: Logger): Codec {
  return (provider.create as (logger?: Logger) => Codec)(logger);
}
