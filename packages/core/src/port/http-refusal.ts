import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ServiceError } from '@tenon/contract';

/** Answers a request that no claim has taken, in JSON, so that a person at the other end can read why. */
export function refuseRequest(response: ServerResponse, status: number, error: ServiceError): void {
  if (response.headersSent) return;
  const body = Buffer.from(JSON.stringify(error));
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

/** Answers on the bare socket, where no request could be read from what the peer sent, and closes it. */
export function refuseSocket(socket: Duplex, status: number, error: ServiceError, header = ''): void {
  const body = JSON.stringify(error);
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${header}Content-Type: application/json\r\nConnection: close\r\n`;
  socket.end(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}
