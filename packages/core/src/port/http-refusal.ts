import { Buffer } from 'node:buffer';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import { ServiceError } from '@tenon/contract';

/** Answers a request that no claim has taken, in JSON, so that a person at the other end can read why. */
export function refuseRequest(response: ServerResponse, status: number, error: ServiceError): void {
  if (response.headersSent) return;
  const body = Buffer.from(JSON.stringify(error));
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** The same for a request on HTTP/2. */
export function refuseStream(stream: ServerHttp2Stream, status: number, error: ServiceError): void {
  if (stream.headersSent || stream.destroyed || stream.closed) return;
  const body = Buffer.from(JSON.stringify(error));
  stream.respond({ ':status': status, 'content-type': 'application/json', 'content-length': body.length });
  stream.end(body);
}

/** The same as bytes, where no request could be read from what the peer sent. The connection ends after it. */
export function httpRefusal(status: number, error: ServiceError): string {
  const body = JSON.stringify(error);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/**
 * What a connection without a request is ended with, in place of a bare end: a request that crosses it on its way is answered
 * by it, and its caller knows that it did not run. RFC 9110, 15.5.9 has 408 for a server that ends an idle connection.
 *
 * @param draining - whether the server is leaving, rather than the connection being idle for too long.
 */
export function idleEnd(draining: boolean): string {
  const error = draining
    ? new ServiceError('Unavailable', 'the node is leaving; go to another one', { executed: 'no', refusal: 'draining' })
    : new ServiceError('Unavailable', 'the connection was idle for too long', { executed: 'no' });
  return httpRefusal(408, error);
}

/**
 * The same for a peer that began to speak HTTP/2 where nobody listens to it: what a server must begin with, and the reason
 * in a GOAWAY.
 *
 * @param code - of RFC 9113, 7.
 */
export function http2Refusal(code: number, reason: string): Buffer {
  const debugData = Buffer.from(reason);
  const goAway = Buffer.alloc(9 + 8);
  goAway.writeUIntBE(8 + debugData.length, 0, 3);
  goAway[3] = 0x07;
  goAway.writeUInt32BE(code, 13);
  return Buffer.concat([emptySettings(), goAway, debugData]);
}

function emptySettings(): Buffer {
  return Buffer.from([0, 0, 0, 0x04, 0, 0, 0, 0, 0]);
}
