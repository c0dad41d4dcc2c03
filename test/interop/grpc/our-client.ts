import assert from 'node:assert/strict';
import { grpcTransport } from '@tenon/transport-grpc';
import { type App, type ClientOf, createApp, ServiceError, type TlsOptions } from 'tenon';
import type { CaseServer } from './client-cases.js';
import type { StreamingInputCallRequest, StreamingOutputCallRequest } from './messages.js';
import { protobuf } from './served-test-service.js';
import { echoedKeys, TestService } from './test-service.js';

/** A Tenon app that calls a stranger's `TestService`, as gRPC's description of the interoperability tests has it. */
export class OurClient implements AsyncDisposable {
  readonly #app: App;
  readonly #client: ClientOf<TestService>;
  readonly #address: { readonly address: string };

  private constructor(app: App, port: number) {
    this.#app = app;
    this.#client = app.client(TestService);
    this.#address = { address: `127.0.0.1:${port}` };
  }

  static async to({ port }: CaseServer, tls?: TlsOptions): Promise<OurClient> {
    const modules = [grpcTransport({ contentType: 'application/protobuf' }), protobuf()];
    const app = await createApp({
      profile: 'test',
      log: { level: 'silent' },
      modules,
      ...(tls === undefined ? {} : { tls }),
    });
    await app.start();
    return new OurClient(app, port);
  }

  /** The cases by their names. */
  get cases(): Readonly<Record<string, () => Promise<void>>> {
    const [client, to] = [this.#client, this.#address];
    const large = { responseType: 0, responseSize: 314_159, payload: zeros(271_828) };
    return {
      empty_unary: async () => {
        await client.emptyCall({}, to);
      },
      large_unary: async () => {
        const { payload } = await client.unaryCall(large, to);
        assert.deepEqual(payload, zeros(314_159));
      },
      client_streaming: async () => {
        const sizes = [27_182, 8, 1_828, 45_904];
        const reply = await client.streamingInputCall(inputs(sizes), to);
        assert.equal(Number(reply.aggregatedPayloadSize), 74_922);
      },
      server_streaming: async () => {
        const request = { responseType: 0, responseParameters: replySizes.map(parameters) };
        const seen: number[] = [];
        for await (const { payload } of client.streamingOutputCall(request, to)) seen.push(payload?.body.length ?? 0);
        assert.deepEqual(seen, replySizes);
      },
      ping_pong: async () => {
        assert.deepEqual(await this.#pingPong(), replySizes);
      },
      empty_stream: async () => {
        assert.deepEqual(await all(client.fullDuplexCall(nothing(), to)), []);
      },
      timeout_on_sleeping_server: async () => {
        const waits = client.fullDuplexCall(oneThatStays(), { ...to, timeoutMs: 1 });
        await failsWith('DeadlineExceeded', all(waits));
      },
      cancel_after_begin: async () => {
        const cancel = new AbortController();
        const waits = client.streamingInputCall(never(), { ...to, signal: cancel.signal });
        setTimeout(() => cancel.abort(), 50);
        await failsWith('Canceled', waits);
      },
      cancel_after_first_response: async () => {
        const cancel = new AbortController();
        const replies = client.fullDuplexCall(oneThatStays(), { ...to, signal: cancel.signal });
        let seen = 0;
        const read = async (): Promise<void> => {
          for await (const _reply of replies) {
            seen += 1;
            cancel.abort();
          }
        };
        await failsWith('Canceled', read());
        assert.equal(seen, 1);
      },
      status_code_and_message: async () => {
        await this.#statusComesBack('test status message');
      },
      special_status_message: async () => {
        await this.#statusComesBack('\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n');
      },
      custom_metadata: async () => {
        const metadata = { [echoedKeys.initial]: 'test_initial_metadata_value', [echoedKeys.trailing]: 'q6ur' };
        let replied: Readonly<Record<string, string>> = {};
        const onReply = (reply: Readonly<Record<string, string>>): void => {
          replied = reply;
        };
        await client.unaryCall(large, { ...to, metadata, onReply });
        for (const [key, value] of Object.entries(metadata)) assert.equal(replied[key], value, key);
      },
      unimplemented_method: async () => {
        await failsWith(
          'Unimplemented',
          this.#app.call('grpc.testing', 'TestService.UnimplementedCall', {}, protobufTo(to)),
        );
      },
      unimplemented_service: async () => {
        await failsWith(
          'Unimplemented',
          this.#app.call('grpc.testing', 'UnimplementedService.UnimplementedCall', {}, protobufTo(to)),
        );
      },
    };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#app.close();
  }

  /** Sends each request when the reply to the one before is there. */
  async #pingPong(): Promise<readonly number[]> {
    const seen: number[] = [];
    let answered = (): void => {};
    async function* requests(): AsyncIterable<StreamingOutputCallRequest> {
      for (const [turn, size] of [27_182, 8, 1_828, 45_904].entries()) {
        const reply = new Promise<void>((resolve) => {
          answered = resolve;
        });
        yield { responseType: 0, responseParameters: [parameters(replySizes[turn] ?? 0)], payload: zeros(size) };
        await reply;
      }
    }
    for await (const { payload } of this.#client.fullDuplexCall(requests(), this.#address)) {
      seen.push(payload?.body.length ?? 0);
      answered();
    }
    return seen;
  }

  async #statusComesBack(message: string): Promise<void> {
    const request = { responseType: 0, responseSize: 0, responseStatus: { code: 2, message } };
    const error = await failsWith('Unknown', this.#client.unaryCall(request, this.#address));
    assert.equal(error.rawMessage, message);
    const streamed = { responseType: 0, responseParameters: [], responseStatus: { code: 2, message } };
    const second = await failsWith('Unknown', all(this.#client.fullDuplexCall([streamed], this.#address)));
    assert.equal(second.rawMessage, message);
  }
}

const replySizes = [31_415, 9, 2_653, 58_979];

function zeros(size: number) {
  return { type: 0, body: new Uint8Array(size) };
}

function parameters(size: number) {
  return { size, intervalUs: 0 };
}

function protobufTo(to: { readonly address: string }) {
  return { ...to, contentType: 'application/protobuf' };
}

async function* inputs(sizes: readonly number[]): AsyncIterable<StreamingInputCallRequest> {
  for (const size of sizes) yield { payload: zeros(size) };
}

async function* nothing(): AsyncIterable<never> {}

async function* never(): AsyncIterable<never> {
  await new Promise(() => {});
}

async function* oneThatStays(): AsyncIterable<StreamingOutputCallRequest> {
  yield { responseType: 0, responseParameters: [parameters(31_415)], payload: zeros(27_182) };
  await new Promise(() => {});
}

async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const found: T[] = [];
  for await (const message of messages) found.push(message);
  return found;
}

async function failsWith(code: string, outcome: Promise<unknown>): Promise<ServiceError> {
  const error = await outcome.then(
    () => {
      throw new Error(`it succeeded, and should fail with ${code}`);
    },
    (thrown: unknown) => ServiceError.from(thrown),
  );
  assert.equal(error.code, code, error.message);
  return error;
}
