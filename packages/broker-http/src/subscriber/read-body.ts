import type { Clock } from '@tenon/contract';
import type { PostRequest } from './posted.js';

/** How much may be sent, and how long that may take. */
export interface BodyLimits {
  readonly maxMessageBytes: number;
  readonly requestTimeoutMs: number;
}

/** The body of a request, or why it is not had. */
export type BodyOutcome = Buffer | 'too large' | 'too slow' | 'broken off';

/** Reads a body whole. What is over a limit is not read to its end: the connection is then of no use. Never rejects. */
export function readBody(request: PostRequest, limits: BodyLimits, clock: Clock): Promise<BodyOutcome> {
  const { maxMessageBytes, requestTimeoutMs } = limits;
  if (Number(request.headers['content-length'] ?? 0) > maxMessageBytes) return Promise.resolve('too large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const settle = (outcome: BodyOutcome): void => {
      cancel();
      request.removeListener('data', onData);
      resolve(outcome);
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > maxMessageBytes) settle('too large');
      else chunks.push(chunk);
    };
    const cancel = clock.after(requestTimeoutMs, () => settle('too slow'));
    request.on('data', onData);
    request.once('end', () => settle(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('error', () => settle('broken off'));
    request.once('close', () => settle('broken off'));
  });
}
