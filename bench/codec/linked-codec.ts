import { compiledCodec } from '@tenon/codec-compiled';
import { msgpackCodec } from '@tenon/codec-msgpack';
import type { BuildPlan, Codec, CodecSession, Decoder, Encoder, Provider, Schema } from '@tenon/contract';
import { BufferSink, openSession, silentLogger } from '@tenon/contract/authoring';

/** Both ends of a connection, with the codec that Tenon nodes use among themselves, and no wire between them. */
export class LinkedCodec {
  readonly writer: CodecSession;
  readonly reader: CodecSession;

  constructor() {
    this.writer = this.#end();
    this.reader = this.#end();
  }

  /** An encoder and a decoder of a class that both ends have agreed on. */
  agreed(
    schema: Schema,
    plan: BuildPlan | undefined,
    value: unknown,
  ): { readonly bytes: Buffer; readonly decode: Decoder } {
    const encode = this.writer.encoder(schema);
    const decode = this.reader.decoder(schema, plan);
    const sink = new BufferSink();
    for (let round = 0; round < 3; round += 1) {
      sink.reset();
      encode(value, sink);
      decode(sink.buffer, 0, sink.position);
      this.#exchange();
    }
    return { bytes: sink.bytes(), decode };
  }

  encoder(schema: Schema): Encoder {
    return this.writer.encoder(schema);
  }

  #exchange(): void {
    let silent = 0;
    for (let [from, to] = [this.writer, this.reader]; silent < 2; [from, to] = [to, from]) {
      const said = from.announce?.();
      if (said === undefined) silent += 1;
      else to.learn?.(said, 0, said.length);
    }
  }

  #end(): CodecSession {
    const msgpack = made(msgpackCodec());
    const compiled = made(compiledCodec(), silentLogger());
    return openSession(compiled, [msgpack, compiled], { linked: true });
  }
}

function made(provider: Provider<Codec>, ...dependencies: readonly unknown[]): Codec {
  return (provider.create as (...dependencies: readonly unknown[]) => Codec)(...dependencies);
}
