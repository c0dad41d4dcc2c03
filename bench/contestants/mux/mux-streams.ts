import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { Unpackr } from 'msgpackr';
import type { Handlers, Tick } from '../../workload/handlers.js';
import type { Connected, Serving } from '../contestant.js';
import { IteratedConversation } from '../conversation.js';
import { type Flushing, FrameWriter } from './frame-writer.js';
import { FrameParser } from './frames.js';
import { StreamEnd, streamFrames } from './stream-end.js';

// The least that a multiplexed wire with streams does, on the frames of the floor: open, item, credit and end, a slot for
// each stream on either side, async iterables in both directions on both ends, and handlers that are generators. No names, deadlines,
// cancelling, checks, limits or errors; a stream ends when both sides have said so.

export async function serveMuxStreams(handlers: Handlers, flushing: Flushing): Promise<Serving> {
  const pool: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const writer = new FrameWriter(socket, pool, flushing);
    const streams: (StreamEnd<Tick, Tick> | undefined)[] = [];
    const over = (id: number): void => {
      streams[id] = undefined;
    };
    const open = (id: number): StreamEnd<Tick, Tick> => {
      const stream = new StreamEnd<Tick, Tick>(writer, id, over);
      streams[id] = stream;
      return stream;
    };
    listen(socket, (type, id, buffer, start, end) => {
      if (type === streamFrames.openEcho) {
        const stream = open(id);
        new Pump(stream, echoed(stream, handlers)).resume();
      } else if (type === streamFrames.openCount) {
        const stream = open(id);
        new Pump(stream, handlers.count(unpacked(buffer, start, end) as { readonly to: number })).resume();
      } else deliver(streams[id], type, buffer, start, end);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: String((server.address() as AddressInfo).port),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** @param pool - lends write buffers to every connection of the process. */
export async function connectMuxStreams(address: string, flushing: Flushing, pool: Buffer[]): Promise<Connected> {
  const socket = connectTo({ port: Number(address), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const writer = new FrameWriter(socket, pool, flushing);
  const streams: (StreamEnd<Tick, Tick> | undefined)[] = [];
  const free: number[] = [];
  const over = (id: number): void => {
    streams[id] = undefined;
    free.push(id);
  };
  const open = (type: number, request: unknown): StreamEnd<Tick, Tick> => {
    const id = free.pop() ?? streams.length;
    const stream = new StreamEnd<Tick, Tick>(writer, id, over);
    streams[id] = stream;
    writer.send(type, id, request);
    return stream;
  };
  listen(socket, (type, id, buffer, start, end) => deliver(streams[id], type, buffer, start, end));
  return {
    count: (request) => {
      const stream = open(streamFrames.openCount, request);
      stream.end();
      return stream;
    },
    echo: () =>
      new IteratedConversation((messages) => {
        const stream = open(streamFrames.openEcho, 0);
        new Pump(stream, messages[Symbol.asyncIterator]()).resume();
        return stream;
      }),
    close: async () => {
      socket.destroy();
      await once(socket, 'close');
    },
  };
}

/** What a handler of such a stream looks like: Tenon's is the same. */
async function* echoed(messages: AsyncIterable<Tick>, handlers: Handlers): AsyncGenerator<Tick> {
  for await (const message of messages) yield handlers.echo(message);
}

/** Sends what a handler yields or a caller hands over, one after the other, while there is credit. */
class Pump {
  constructor(
    private readonly stream: StreamEnd<Tick, Tick>,
    private readonly source: AsyncIterator<Tick>,
  ) {}

  readonly resume = (): void => {
    if (this.stream.maySend) this.source.next().then(this.#onAnswer);
    else this.stream.awaitCredit(this.resume);
  };

  readonly #onAnswer = ({ value, done }: IteratorResult<Tick>): void => {
    if (done === true) {
      this.stream.end();
      return;
    }
    this.stream.send(value);
    this.resume();
  };
}

function listen(socket: Socket, listener: ConstructorParameters<typeof FrameParser>[0]): void {
  const parser = new FrameParser(listener);
  socket.on('data', (chunk) => parser.push(chunk));
}

function deliver(
  stream: StreamEnd<Tick, Tick> | undefined,
  type: number,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  if (type === streamFrames.item) stream?.item(unpacked(buffer, start, end) as Tick);
  else if (type === streamFrames.credit) stream?.granted(unpacked(buffer, start, end) as number);
  else if (type === streamFrames.end) stream?.peerEnded();
}

function unpacked(buffer: Buffer, start: number, end: number): unknown {
  range.start = start;
  range.end = end;
  return unpackr.unpack(buffer, range);
}

const unpackr = new Unpackr({ useRecords: false });
/** Filled anew for each message, so that none is made per message. */
const range = { start: 0, end: 0 };
