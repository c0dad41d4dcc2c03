import { setTimeout as pause } from 'node:timers/promises';
import { type Code, callContext, codes, Endpoint, Service, ServiceError } from 'tenon';
import {
  type BoolValue,
  type EchoStatus,
  type Payload,
  SimpleRequest,
  SimpleResponse,
  StreamingInputCallRequest,
  StreamingInputCallResponse,
  StreamingOutputCallRequest,
  StreamingOutputCallResponse,
} from './messages.js';

/** The service of gRPC's interoperability tests, as their description has it: an ordinary one. */
@Service('grpc.testing')
export class TestService {
  @Endpoint()
  async emptyCall(): Promise<void> {
    echoMetadata();
  }

  @Endpoint({ response: SimpleResponse })
  async unaryCall({ responseSize, responseStatus, expectCompressed }: SimpleRequest): Promise<SimpleResponse> {
    refuseUnlessAs(expectCompressed);
    echoMetadata();
    refuseIfAsked(responseStatus);
    return { payload: zeros(responseSize) };
  }

  @Endpoint({ stream: 'server', response: StreamingOutputCallResponse })
  async *streamingOutputCall(request: StreamingOutputCallRequest): AsyncIterable<StreamingOutputCallResponse> {
    yield* answersTo(request);
  }

  @Endpoint({ stream: 'client', request: StreamingInputCallRequest, response: StreamingInputCallResponse })
  async streamingInputCall(requests: AsyncIterable<StreamingInputCallRequest>): Promise<StreamingInputCallResponse> {
    let aggregatedPayloadSize = 0;
    for await (const { payload } of requests) aggregatedPayloadSize += payload?.body.length ?? 0;
    return { aggregatedPayloadSize };
  }

  @Endpoint({ stream: 'bidi', request: StreamingOutputCallRequest, response: StreamingOutputCallResponse })
  async *fullDuplexCall(
    requests: AsyncIterable<StreamingOutputCallRequest>,
  ): AsyncIterable<StreamingOutputCallResponse> {
    echoMetadata();
    for await (const request of requests) yield* answersTo(request);
  }

  @Endpoint({ stream: 'bidi', request: StreamingOutputCallRequest, response: StreamingOutputCallResponse })
  async *halfDuplexCall(
    requests: AsyncIterable<StreamingOutputCallRequest>,
  ): AsyncIterable<StreamingOutputCallResponse> {
    const all: StreamingOutputCallRequest[] = [];
    for await (const request of requests) all.push(request);
    for (const request of all) yield* answersTo(request);
  }
}

/** Keys of metadata that the tests want back: the first before the messages, the second behind them. */
export const echoedKeys = { initial: 'x-grpc-test-echo-initial', trailing: 'x-grpc-test-echo-trailing-bin' };

function echoMetadata(): void {
  const context = callContext();
  for (const key of Object.values(echoedKeys)) {
    const value = context.metadata[key];
    if (value !== undefined) context.setReplyMetadata(key, value);
  }
}

async function* answersTo({
  responseParameters,
  responseStatus,
}: StreamingOutputCallRequest): AsyncIterable<StreamingOutputCallResponse> {
  refuseIfAsked(responseStatus);
  for (const { size, intervalUs } of responseParameters) {
    if (intervalUs > 0) await pause(intervalUs / 1_000, undefined, { signal: callContext().signal });
    yield { payload: zeros(size) };
  }
}

function refuseIfAsked(status: EchoStatus | undefined): void {
  if (status === undefined || status.code === 0) return;
  const [code] = Object.entries(codes).find(([, { number }]) => number === status.code) ?? ['Unknown'];
  throw new ServiceError(code as Code, status.message);
}

/** A caller that says how it has sent its request wants to hear of it where it came otherwise. */
function refuseUnlessAs(expectCompressed: BoolValue | undefined): void {
  const compressed = callContext().metadata['grpc-encoding'] !== undefined;
  if (expectCompressed === undefined || expectCompressed.value === compressed) return;
  throw new ServiceError('InvalidArgument', `the request came ${compressed ? '' : 'un'}compressed`);
}

function zeros(size: number): Payload {
  return { type: 0, body: new Uint8Array(size) };
}
