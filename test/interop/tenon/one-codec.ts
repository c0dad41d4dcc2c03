import { BufferSink } from '@tenon/contract/authoring';
import { type Codec, type Provider, ServiceError } from 'tenon';

/** A codec as an app gets it, to read and write single values with. */
export class OneCodec {
  readonly #codec: Codec;

  constructor(provider: Provider) {
    this.#codec = (provider.create as () => Codec)();
  }

  read(bytes: Uint8Array): unknown {
    const buffer = Buffer.from(bytes);
    return this.#codec.open().decoder()(buffer, 0, buffer.length);
  }

  write(value: unknown): Buffer {
    const sink = new BufferSink();
    this.#codec.open().encoder()(value, sink);
    return Buffer.from(sink.bytes());
  }

  /** Why bytes are refused; an error where they are read, or refused in another way than codecs do. */
  refusalOf(bytes: Uint8Array): string {
    let value: unknown;
    try {
      value = this.read(bytes);
    } catch (thrown) {
      if (thrown instanceof ServiceError && thrown.code === 'InvalidArgument') return thrown.rawMessage;
      throw thrown;
    }
    throw new Error(`it was read as ${JSON.stringify(value)}`);
  }
}
