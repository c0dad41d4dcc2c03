import { type Encoder, ServiceError } from '@tenon/contract';
import { Inexpressible } from './inexpressible.js';
import type { MessageWriter } from './message-writer.js';

/** The encoder of a writer: what the writer throws becomes a `ServiceError`. */
export function msgpackEncoder(writer: MessageWriter): Encoder {
  return (value, sink) => {
    try {
      writer.write(value, sink);
    } catch (thrown) {
      if (thrown instanceof Inexpressible) throw thrown.toServiceError();
      throw ServiceError.from(thrown, { code: 'InvalidArgument', executed: 'no' });
    }
  };
}
