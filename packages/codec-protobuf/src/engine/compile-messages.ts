import type { Decoder, Encoder } from '@tenon/contract';
import { GeneratedCode, mayGenerate } from '@tenon/contract/authoring';
import { generateDecoders } from './generate-decoders.js';
import { generateEncoders } from './generate-encoders.js';
import type { MessagePlan } from './message-plan.js';
import { closedDecoders } from './read-message.js';
import { type ReadMessage, WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';
import { closedEncoders, type WriteMessage } from './write-message.js';

/** The writer and the reader of one message, with all that it nests; each made when it is first used. */
export interface CompiledMessages {
  readonly encode: Encoder;
  readonly decode: Decoder;
}

/**
 * Compiles the first of some messages, which may nest the others.
 *
 * @param options.generateCode - whether code may be generated. A process that forbids it gets the same made of closures.
 */
export function compileMessages(
  messages: readonly MessagePlan[],
  { generateCode }: { readonly generateCode: boolean },
): CompiledMessages {
  let write: WriteMessage | undefined;
  let read: ReadMessage | undefined;
  return {
    encode(value, sink) {
      write ??= (
        generateCode && mayGenerate() ? generateEncoders(messages, new GeneratedCode()) : closedEncoders(messages)
      )[0] as WriteMessage;
      const start = sink.position;
      const writer = new WireWriter(sink);
      let finished = false;
      try {
        write(value, writer, 1);
        writer.finish();
        finished = true;
      } finally {
        if (!finished) sink.position = start;
      }
    },
    decode(buffer, start, end) {
      read ??= (
        generateCode && mayGenerate() ? generateDecoders(messages, new GeneratedCode()) : closedDecoders(messages)
      )[0] as ReadMessage;
      return read(new WireReader(buffer, start), end, 1);
    },
  };
}
