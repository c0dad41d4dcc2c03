import { type CodecSession, compiledCodec, type Module, wrapped } from 'tenon';

/** The compiled codec with a look at what it writes: of each value, whether it went by its layout or plain. */
export class WatchedCodec {
  readonly written: ('by layout' | 'plain')[] = [];

  readonly module: Module = wrapped(compiledCodec(), (inner) => ({
    contentType: inner.contentType,
    aliases: inner.aliases,
    capabilities: inner.capabilities,
    links: true,
    over: 'application/msgpack',
    open: (link) => this.#watched(inner.open(link)),
  }));

  #watched(session: CodecSession): CodecSession {
    return {
      decoder: (schema, plan) => session.decoder(schema, plan),
      encoder: (schema) => {
        const encode = session.encoder(schema);
        return (value, sink) => {
          const start = sink.position;
          encode(value, sink);
          this.written.push(sink.buffer[start] === 0 ? 'plain' : 'by layout');
        };
      },
      announce: () => session.announce?.(),
      learn: (buffer, start, end) => session.learn?.(buffer, start, end),
    };
  }
}
