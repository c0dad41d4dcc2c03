import { ServiceError } from '@tenon/contract';
import type { CodecSet, OpenCodec } from '@tenon/contract/authoring';

/** One form of messages, as a codec and as gRPC's content type. */
export interface GrpcType {
  /** As `content-type` says it: `application/grpc+json`. */
  readonly wire: string;
  /** As codecs are named: `application/json`. */
  readonly contentType: string;
  readonly codec: OpenCodec;
}

/** Whether a request is gRPC, or a form of it that is not served here (`application/grpc-web`). */
export function isGrpcLike(contentType: string | undefined): boolean {
  return contentType !== undefined && grpcLike.test(contentType);
}

/**
 * The bound codecs by gRPC's content types. `application/grpc+json` is the codec for `application/json`, and so on for every codec
 * whose type begins with `application/`; `application/grpc` and `+proto` are that for `application/protobuf`.
 */
export class GrpcTypes {
  readonly #codecs: CodecSet;
  /** Of the types that are known. */
  readonly #byWire = new Map<string, GrpcType>();
  readonly #byContentType = new Map<string, GrpcType>();

  constructor(codecs: CodecSet) {
    this.#codecs = codecs;
  }

  /** The subtypes that are known, for error messages. */
  get known(): string {
    return this.#codecs.contentTypes.flatMap((type) => wireOf(type) ?? []).join(', ');
  }

  /** The type that a peer names; undefined where no codec is bound for it, and for what is not gRPC. */
  ofWire(header: string): GrpcType | undefined {
    return this.#byWire.get(header) ?? this.#learn(header);
  }

  /**
   * The type of messages that a codec writes.
   *
   * @throws ServiceError `InvalidArgument`, `executed: 'no'`, where no such codec is bound, or gRPC has no name for it.
   */
  ofContentType(contentType: string): GrpcType {
    const known = this.#byContentType.get(contentType);
    if (known !== undefined) return known;
    const codec = this.#codecs.of(contentType);
    const wire = wireOf(codec.contentType);
    if (wire === undefined) {
      const text = `content type ${codec.contentType} cannot travel over gRPC, which has names for application/… only`;
      throw new ServiceError('InvalidArgument', text, { executed: 'no' });
    }
    const type = Object.freeze({ wire, contentType: codec.contentType, codec });
    this.#byContentType.set(contentType, type);
    return type;
  }

  #learn(header: string): GrpcType | undefined {
    const subtype = grpc.exec(header)?.[1]?.toLowerCase() ?? (grpc.test(header) ? 'proto' : undefined);
    if (subtype === undefined) return undefined;
    const contentType = contentTypesOf(subtype).find((type) => this.#codecs.has(type));
    if (contentType === undefined) return undefined;
    const codec = this.#codecs.of(contentType);
    // The peer reads the name that it used itself.
    const type = Object.freeze({ wire: mediaTypeOf(header), contentType: codec.contentType, codec });
    // Parameters come from outside, in any number.
    if (!header.includes(';')) this.#byWire.set(header, type);
    return type;
  }
}

function wireOf(contentType: string): string | undefined {
  if (contentType === protobuf) return 'application/grpc+proto';
  const subtype = application.exec(contentType)?.[1];
  return subtype === undefined ? undefined : `application/grpc+${subtype}`;
}

function contentTypesOf(subtype: string): readonly string[] {
  if (subtype === 'proto') return [protobuf, 'application/x-protobuf', 'application/proto'];
  // What go-micro calls bytes that nobody reads.
  return subtype === 'bytes' ? ['application/octet-stream'] : [`application/${subtype}`];
}

function mediaTypeOf(header: string): string {
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase();
}

const protobuf = 'application/protobuf';
const application = /^application\/([\w.!#$&^-]+)$/;
const grpc = /^application\/grpc(?:\+([\w.!#$&^-]+))?[ \t]*(?:;.*)?$/i;
const grpcLike = /^application\/grpc(?:$|[+;\- \t])/i;
