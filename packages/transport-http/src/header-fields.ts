import type { IncomingHttpHeaders } from 'node:http2';
import { type Metadata, noMetadata } from '@tenon/contract';
import { isFraming, metadataOf } from './headers.js';

/**
 * The header fields of one request or reply, sorted in one pass: those that mean something to this transport by name,
 * go-micro's together, and the rest, which are metadata.
 *
 * Node's own `headers` object costs more to make, and its rules for fields that come twice differ by name. Here the
 * first `Content-Type` counts, and any other field that comes twice is one value, joined by a comma.
 */
export class HeaderFields {
  contentType: string | undefined = undefined;
  contentEncoding: string | undefined = undefined;
  contentLength: string | undefined = undefined;
  transferEncoding: string | undefined = undefined;
  connection: string | undefined = undefined;
  keepAlive: string | undefined = undefined;
  accept: string | undefined = undefined;
  origin: string | undefined = undefined;
  lastEventId: string | undefined = undefined;
  /** `tenon-timeout-ms`. */
  timeLeft: string | undefined = undefined;
  /** `tenon-node`. */
  node: string | undefined = undefined;
  /** go-micro's `Timeout`. */
  timeout: string | undefined = undefined;
  #micro: Map<string, string> | undefined = undefined;
  #encoded: string | undefined = undefined;
  #rest: string[] | undefined = undefined;

  /** @param raw - name, value, name, value, as Node's HTTP/1.1 parser gives them. */
  static ofRaw(raw: readonly string[]): HeaderFields {
    const fields = new HeaderFields();
    for (let index = 0; index < raw.length; index += 2) {
      fields.add((raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '');
    }
    return fields;
  }

  /** @param headers - as Node's HTTP/2 gives them; pseudo fields are left out. */
  static ofHttp2(headers: IncomingHttpHeaders): HeaderFields {
    const fields = new HeaderFields();
    for (const name in headers) {
      const value = headers[name];
      if (value === undefined || name.startsWith(':')) continue;
      fields.add(name, typeof value === 'string' ? value : value.join(', '));
    }
    return fields;
  }

  /** @param name - in lower case. */
  add(name: string, value: string): void {
    switch (name) {
      case 'host':
      case 'date':
        return;
      case 'content-type':
        this.contentType ??= value;
        return;
      case 'content-length':
        this.contentLength = joined(this.contentLength, value);
        return;
      case 'accept':
        this.accept = joined(this.accept, value);
        return;
      case 'tenon-timeout-ms':
        this.timeLeft = joined(this.timeLeft, value);
        return;
      case 'tenon-node':
        this.node = joined(this.node, value);
        return;
      case 'tenon-encoded':
        this.#encoded = joined(this.#encoded, value);
        return;
      case 'connection':
        this.connection = joined(this.connection, value);
        return;
      case 'keep-alive':
        this.keepAlive = joined(this.keepAlive, value);
        return;
      case 'transfer-encoding':
        this.transferEncoding = joined(this.transferEncoding, value);
        return;
      case 'content-encoding':
        this.contentEncoding = joined(this.contentEncoding, value);
        return;
      case 'timeout':
        this.timeout = joined(this.timeout, value);
        return;
      case 'last-event-id':
        this.lastEventId = joined(this.lastEventId, value);
        return;
      default:
        this.#addOther(name, value);
    }
  }

  /** Whether there is any field of go-micro's. */
  get hasMicro(): boolean {
    return this.#micro !== undefined;
  }

  /** A field of go-micro's by its name after `Micro-`, or in the older spelling with `X-` before that. */
  micro(name: string): string | undefined {
    return this.#micro?.get(`micro-${name}`) ?? this.#micro?.get(`x-micro-${name}`);
  }

  /**
   * What of these fields is metadata.
   *
   * @throws ServiceError as `metadataOf` does.
   */
  metadata(): Metadata {
    return this.#rest === undefined ? noMetadata : metadataOf(this.#rest, this.#encoded);
  }

  #addOther(name: string, value: string): void {
    if (name.startsWith('micro-') || name.startsWith('x-micro-')) {
      this.#micro ??= new Map();
      this.#micro.set(name, joined(this.#micro.get(name), value));
      return;
    }
    if (isFraming(name)) return;
    // Only web pages send it, and it is of use to handlers too.
    if (name === 'origin') this.origin = joined(this.origin, value);
    this.#rest ??= [];
    this.#rest.push(name, value);
  }
}

function joined(earlier: string | undefined, value: string): string {
  return earlier === undefined ? value : `${earlier}, ${value}`;
}
