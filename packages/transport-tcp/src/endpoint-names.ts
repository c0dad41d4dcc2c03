import {
  clientStreams,
  type Decoder,
  type Encoder,
  type EndpointDescriptor,
  type EndpointKind,
  ServiceError,
} from '@tenon/contract';
import type { ConnectionCodec, ConnectionCodecs } from './connection-codecs.js';
import { maxNameBytes, maxNamedEndpoints, namedEndpoint } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { writeName } from './wire-metadata.js';

/** An endpoint as calls to it are written on one connection. */
export interface NamedEndpoint {
  readonly descriptor: EndpointDescriptor;
  readonly number: number;
  /** Whether CALL holds a request. */
  readonly hasRequest: boolean;
  readonly codec: ConnectionCodec;
  readonly encoder: Encoder;
  readonly decoder: Decoder;
}

/** The endpoints that were called on one connection: the server is told the name of each once, and then its number. */
export class EndpointNames {
  readonly #writer: FrameWriter;
  readonly #codecs: ConnectionCodecs;
  readonly #preferred: ConnectionCodec;
  /** By kind; most connections see one or two. */
  readonly #byKind: (Map<string, NamedEndpoint> | undefined)[] = [];
  /** What the last call went to, which the next mostly goes to again. */
  #last: NamedEndpoint | undefined;
  #named = 0;

  /** @param preferred - the codec to use where a call names none. */
  constructor(writer: FrameWriter, codecs: ConnectionCodecs, preferred: ConnectionCodec) {
    this.#writer = writer;
    this.#codecs = codecs;
    this.#preferred = preferred;
  }

  /**
   * The endpoint of a call, named to the server where it was not.
   *
   * @throws ServiceError `executed: 'no'`: `InvalidArgument` for a content type that the two sides do not share, or a name
   * that is too long; `ResourceExhausted` where the connection has no numbers left.
   */
  of(descriptor: EndpointDescriptor, contentType: string | undefined): NamedEndpoint {
    const last = this.#last;
    if (last !== undefined && last.descriptor === descriptor && contentType === undefined) return last;
    const names = this.#byKind[kindNumbers[descriptor.kind]] ?? this.#newKind(descriptor.kind);
    const known = names.get(descriptor.name);
    if (known?.descriptor === descriptor && known.codec === this.#preferred && contentType === undefined) {
      this.#last = known;
      return known;
    }
    const codec = contentType === undefined ? this.#preferred : this.#codecs.named(contentType);
    const endpoint: NamedEndpoint = {
      descriptor,
      number: known?.number ?? this.#name(descriptor),
      hasRequest: !clientStreams(descriptor.kind),
      codec,
      encoder: codec.encoder(descriptor.request),
      decoder: codec.decoder(descriptor.response),
    };
    if (known === undefined || codec === this.#preferred) names.set(descriptor.name, endpoint);
    return endpoint;
  }

  #newKind(kind: EndpointKind): Map<string, NamedEndpoint> {
    const names = new Map<string, NamedEndpoint>();
    this.#byKind[kindNumbers[kind]] = names;
    return names;
  }

  #name({ name, kind }: EndpointDescriptor): number {
    const bytes = Buffer.byteLength(name);
    if (bytes < 1 || bytes > maxNameBytes) {
      throw new ServiceError('InvalidArgument', `an endpoint name of ${bytes} bytes`, { executed: 'no' });
    }
    if (this.#named === maxNamedEndpoints) {
      const text = `${maxNamedEndpoints} endpoints were called on this connection, and it takes no more`;
      throw new ServiceError('ResourceExhausted', text, { executed: 'no' });
    }
    const number = this.#named;
    this.#named += 1;
    writeName(this.#writer, namedEndpoint, number, kindNumbers[kind], name);
    return number;
  }
}

/** The kind that a number on the wire means; undefined for one that means none. */
export function kindOfNumber(number: number): EndpointKind | undefined {
  return kinds[number];
}

const kinds: readonly EndpointKind[] = Object.freeze(['unary', 'server', 'client', 'bidi']);
const kindNumbers: Readonly<Record<EndpointKind, number>> = Object.freeze({ unary: 0, server: 1, client: 2, bidi: 3 });
