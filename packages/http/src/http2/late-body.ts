import { constants, type ServerHttp2Stream } from 'node:http2';

/**
 * Drops what still comes of a request's body once the stream is answered, or is about to be. The flow control of HTTP/2 bounds what
 * a caller may still send. One that goes on after the answer is reset, but only after a moment: nghttp2 sends a reset ahead of
 * whatever of the answer still waits for the socket.
 */
export function dropLateBody(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || stream.destroyed) return;
  stream.resume();
  const stop = (): void => {
    if (stream.readableEnded || stream.closed) return;
    const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), resetAfterMs);
    timer.unref();
    const over = (): void => clearTimeout(timer);
    stream.once('end', over);
    stream.once('close', over);
  };
  // Node ends the answer to HEAD before it is given.
  if (stream.headersSent && stream.writableFinished) stop();
  else stream.once('finish', stop);
}

const resetAfterMs = 250;
