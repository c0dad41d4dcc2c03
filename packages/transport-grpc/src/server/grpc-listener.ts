import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { type CallHandler, type Listener, ServiceError } from '@tenon/contract';
import { UnderWay } from '@tenon/contract/authoring';
import { Peers, serverDraining, serverStopped } from '@tenon/http';
import { errorFields } from '../status/error-fields.js';
import type { SystemServices } from '../system/system-services.js';
import { type GrpcTypes, isGrpcLike } from '../wire/grpc-types.js';
import { Paths } from './paths.js';
import { readHead, typeOf } from './request-head.js';
import { ServerCall, type ServerCallSurroundings } from './server-call.js';

/** Answers the gRPC requests of a port. */
export class GrpcListener implements Listener {
  /** It shares the port of its server. */
  readonly address = '';
  /** What go-micro looks for before it calls a node. */
  readonly metadata = Object.freeze({ protocol: 'grpc', transport: 'grpc', server: 'grpc' });
  readonly #handler: CallHandler;
  readonly #system: SystemServices;
  readonly #types: GrpcTypes;
  readonly #paths: Paths;
  readonly #surroundings: ServerCallSurroundings;
  readonly #peers = new Peers('grpc');
  readonly #underWay = new UnderWay<ServerCall>();
  #refusing = false;

  constructor(
    handler: CallHandler,
    system: SystemServices,
    types: GrpcTypes,
    surroundings: Omit<ServerCallSurroundings, 'onEnded'>,
  ) {
    this.#handler = handler;
    this.#system = system;
    this.#types = types;
    this.#paths = new Paths(handler);
    this.#surroundings = { ...surroundings, onEnded: (call) => this.#underWay.remove(call) };
  }

  /** Whether a request is one for here, be it in a form of gRPC that is refused. */
  readonly accepts = (headers: IncomingHttpHeaders): boolean => isGrpcLike(headers['content-type']);

  readonly handle = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    try {
      if (headers[':method'] !== 'POST') refuseHttp(stream, 405, { allow: 'POST' });
      else if (!isGrpc(headers)) refuseHttp(stream, 415, { 'accept-post': this.#types.known });
      else this.#serve(stream, headers);
    } catch (thrown) {
      this.#refuse(stream, headers, ServiceError.from(thrown));
    }
  };

  async drain(signal: AbortSignal): Promise<void> {
    this.#refusing = true;
    this.#system.drain();
    await this.#underWay.drained(signal, () => this.#endAll());
  }

  async close(): Promise<void> {
    this.#refusing = true;
    this.#system.drain();
    this.#endAll();
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const system = this.#system.serviceOf(headers);
    const type = system?.type ?? typeOf(headers, this.#types);
    const head = readHead(headers, type, system ?? this.#paths);
    const call = new ServerCall(head, stream, this.#peers.ofStream(stream), this.#surroundings);
    if (this.#refusing) {
      call.fail(serverDraining());
      return;
    }
    this.#underWay.add(call);
    call.serve(system ?? this.#handler);
  }

  /** Nothing of it could be understood, so no handler hears of it. */
  #refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, error: ServiceError): void {
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    const { logger } = this.#surroundings;
    const place = { logger, goMicro: false, service: '', endpoint: String(headers[':path']) };
    // gRPC's word for a form of messages that is not known; Tenon nodes find the other in the details.
    const unknownType =
      error.code === 'InvalidArgument' && this.#types.ofWire(headers['content-type'] ?? '') === undefined;
    const fields = errorFields(error.with({ executed: 'no' }), {
      ...place,
      ...(unknownType ? { statusCode: 'Unimplemented' } : {}),
    });
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...fields }, { endStream: true });
    stream.resume();
  }

  #endAll(): void {
    const error = serverStopped();
    for (const call of this.#underWay.all()) {
      call.end(error);
      this.#underWay.remove(call);
    }
  }
}

/** `application/grpc-web` is another protocol. */
function isGrpc(headers: IncomingHttpHeaders): boolean {
  return !/^application\/grpc-/i.test(headers['content-type'] ?? '');
}

function refuseHttp(stream: ServerHttp2Stream, status: number, fields: Readonly<Record<string, string>>): void {
  stream.respond({ ':status': status, ...fields }, { endStream: true });
  stream.resume();
}
