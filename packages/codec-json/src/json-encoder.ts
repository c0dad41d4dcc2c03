import { type Encoder, ServiceError } from '@tenon/contract';
import { Expressible } from './expressible.js';

/** Writes values as JSON text. */
export function jsonEncoder(maxDepth: number): Encoder {
  return (value, sink) => {
    const text = stringify(new Expressible(maxDepth, sink).of(value));
    const bytes = Buffer.byteLength(text);
    sink.ensure(bytes);
    sink.position += sink.buffer.write(text, sink.position, bytes, 'utf8');
  };
}

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (thrown) {
    // Depth was checked, so the one range left is the engine's longest string, far beyond any message limit. Anything
    // else comes out of a getter of the caller.
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new ServiceError('ResourceExhausted', 'the value is too large to be written as one JSON text', {
      executed: 'no',
      cause: thrown,
    });
  }
}
