import assert from 'node:assert/strict';
import type { Codec, CodecSession } from '@tenon/contract';
import { bytesOf, valueIn } from './bytes.js';

/** A session that has the members of a linked one. */
export type LinkedCodecSession = CodecSession & Required<Pick<CodecSession, 'announce' | 'learn'>>;

/** A linked session of a codec that says that it has such. */
export function linked(codec: Codec): LinkedCodecSession {
  const session = codec.open({ linked: true });
  assert.ok(isLinked(session), 'a codec that links gives sessions that announce and learn');
  return session;
}

/** A copy of what a session has to announce. */
export function announced(session: LinkedCodecSession): Buffer | undefined {
  const announcement = session.announce();
  return announcement === undefined ? undefined : Buffer.from(announcement);
}

/** One direction of a connection, as a transport runs it. */
export class LinkedPair {
  readonly writer: LinkedCodecSession;
  readonly reader: LinkedCodecSession;
  announcedBytes = 0;

  constructor(codec: Codec, writer: LinkedCodecSession = linked(codec), reader: LinkedCodecSession = linked(codec)) {
    this.writer = writer;
    this.reader = reader;
  }

  /** Encodes a value, and asks for the announcement that comes before the next one. */
  say(value: unknown): { readonly message: Buffer; readonly announcement: Buffer | undefined } {
    const message = bytesOf(this.writer, value);
    const announcement = announced(this.writer);
    this.announcedBytes += announcement?.length ?? 0;
    return { message, announcement };
  }

  take(announcement: Buffer | undefined): void {
    if (announcement !== undefined) this.reader.learn(announcement, 0, announcement.length);
  }

  hear(message: Buffer): unknown {
    return valueIn(this.reader, message);
  }

  /** There, as the transport does it: the value, then what it announced. */
  carry(value: unknown): unknown {
    const { message, announcement } = this.say(value);
    const heard = this.hear(message);
    this.take(announcement);
    return heard;
  }
}

function isLinked(session: CodecSession): session is LinkedCodecSession {
  return session.announce !== undefined && session.learn !== undefined;
}
