import type { IncomingMessage } from 'node:http';

/** Why there is no body: it is over the limit, or the peer went away before its end. */
export type BodyFault = 'too large' | 'cut off';

/**
 * Reads a request's body, counting while it arrives: never more than `maxBytes` and one chunk are held.
 *
 * A body over the limit resolves at once; its rest is dropped as {@link dropBody} does.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | BodyFault> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const keep = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else giveUp();
    };
    const giveUp = (): void => {
      request.off('data', keep);
      chunks.length = 0;
      dropBody(request, maxBytes);
      resolve('too large');
    };
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('close', () => resolve('cut off'));
    // Why it broke off is in the peer's hands; what matters here is only that this body has no end.
    request.on('error', () => resolve('cut off'));
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) giveUp();
    else request.on('data', keep);
  });
}

/**
 * Reads what is left of a body and drops it, so that the answer reaches a peer that is still writing and its connection
 * stays usable. Of a peer that goes on for more than twice `maxBytes` no more is read; it has a moment to read the
 * answer before the port ends its connection.
 */
export function dropBody(request: IncomingMessage, maxBytes: number): void {
  let bytes = 0;
  request.on('error', () => {});
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= 2 * maxBytes) return;
    request.pause();
    request.socket.setTimeout(lingerMs);
  });
}

const lingerMs = 1_000;
