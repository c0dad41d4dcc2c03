import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpClaim, WholeRequest } from '@tenon/contract';
import { type AnyClaim, connectTo, http, type OpenPort, openPort, textOf } from './port-under-test.js';

/** What came to a claim of both kinds of request, and how often a whole one has ended. */
export interface Seen {
  readonly whole: WholeRequest[];
  readonly others: string[];
  ends: number;
}

/** A port with a claim that takes whole requests. */
export async function opened(
  handle: (request: WholeRequest) => unknown,
  options: Parameters<typeof openPort>[1] = {},
): Promise<{ readonly port: OpenPort; readonly seen: Seen }> {
  const { claim, seen } = claimOf(handle);
  // Another claim stands beside it, so that each connection is sniffed before it is served.
  const beside: AnyClaim = http('beside');
  return { port: await openPort([{ http: claim }, beside], options), seen };
}

/** @param handle - declines with false. */
export function claimOf(handle: (request: WholeRequest) => unknown): {
  readonly claim: HttpClaim;
  readonly seen: Seen;
} {
  const seen: Seen = { whole: [], others: [], ends: 0 };
  const whole = (request: WholeRequest): boolean => {
    request.listener = {
      onEnd: () => {
        seen.ends += 1;
      },
    };
    seen.whole.push(request);
    return handle(request) !== false;
  };
  const other = (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = `${request.url}:${Buffer.concat(chunks)}`;
      seen.others.push(body);
      if (request.url === '/late') setTimeout(() => response.end(`other ${body}`), 20);
      else response.end(`other ${body}`);
    });
  };
  const claim = { name: 'both', accepts: () => true, handle: other, whole: { varying: 'x-left', handle: whole } };
  return { claim, seen };
}

/** Declines what asks for it. */
export function answering(request: WholeRequest): boolean {
  if (request.head.path === '/declined') return false;
  request.answer(200, [], `whole ${request.head.path}`);
  return true;
}

/** A plain request. */
export function post(path: string, body: string, ...lines: readonly string[]): string {
  return [`POST ${path} HTTP/1.1`, 'Host: a', ...lines, `Content-Length: ${body.length}`, '', body].join('\r\n');
}

export function latin1(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** The body of a request, as latin1. */
export function text(request: WholeRequest | undefined): string {
  return Buffer.from(request?.body ?? []).toString('latin1');
}

/** Sends a request and gives back all that comes until the port ends the connection. */
export async function asked(port: OpenPort, bytes: string): Promise<string> {
  const socket = await connectTo(port);
  socket.write(latin1(bytes));
  return textOf(socket);
}

export function bodyOf(reply: string): string {
  return reply.slice(reply.indexOf('\r\n\r\n') + 4);
}
