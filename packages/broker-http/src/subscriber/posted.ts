import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { Message } from '@tenon/contract';
import { retryHeader } from '../wire/tenon-headers.js';

/** A request of either version of HTTP. */
export type PostRequest = IncomingMessage | Http2ServerRequest;
/** Its answer. */
export type PostResponse = ServerResponse | Http2ServerResponse;

/** A message that was posted to a subscription, to be answered once. An answer that comes too late goes nowhere. */
export class Posted {
  readonly topic: string;
  readonly message: Message;
  readonly headers: IncomingHttpHeaders;
  /** As it was posted. */
  readonly bytes: Buffer;
  readonly #response: PostResponse;
  #isAnswered = false;

  constructor(topic: string, message: Message, bytes: Buffer, headers: IncomingHttpHeaders, response: PostResponse) {
    this.topic = topic;
    this.message = message;
    this.bytes = bytes;
    this.headers = headers;
    this.#response = response;
  }

  /** Whether nobody waits for an answer any more. */
  get isOver(): boolean {
    return this.#isAnswered || this.#response.destroyed || this.#response.writableEnded;
  }

  /** Calls back when the publisher has gone without an answer. */
  onGone(callback: () => void): void {
    this.#response.once('close', () => {
      if (!this.#isAnswered) callback();
    });
  }

  /** It was taken: go-micro's empty answer. */
  taken(): void {
    this.#answer(200);
  }

  /** Its handler rejected; it may come again after so long. */
  again(delayMs: number): void {
    this.#answer(503, { [retryHeader]: String(Math.ceil(delayMs)) });
  }

  /** Nothing more is taken now. */
  refused(): void {
    this.#answer(503);
  }

  /** The subscription has ended. */
  gone(): void {
    this.#answer(404);
  }

  /** A sign of life, while the answer takes long: 102 (RFC 2518, 10.1). */
  working(): void {
    // Only Tenon's publishers wait so, and they speak HTTP/1.1.
    if (!this.isOver && 'writeProcessing' in this.#response) this.#response.writeProcessing();
  }

  #answer(status: number, headers: Readonly<Record<string, string>> = {}): void {
    if (this.isOver) return;
    this.#isAnswered = true;
    answer(this.#response, status, '', headers);
  }
}

/** Answers a request, with a text or with nothing. */
export function answer(
  response: PostResponse,
  status: number,
  text = '',
  headers: Readonly<Record<string, string>> = {},
): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (text !== '') response.setHeader('Content-Type', 'application/json');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** The text of an error as go-micro writes it. */
export function errorText(status: number, detail: string): string {
  const statuses: Readonly<Record<number, string>> = {
    400: 'Bad Request',
    404: 'Not Found',
    408: 'Request Timeout',
    413: 'Request Entity Too Large',
    500: 'Internal Server Error',
  };
  return JSON.stringify({ id: 'go.micro.broker', code: status, detail, status: statuses[status] ?? 'Error' });
}
