import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import { Unpackr } from 'msgpackr';
import type { Handlers } from '../../workload/handlers.js';
import type { Connected, Serving } from '../contestant.js';
import { type Flushing, FrameWriter } from './frame-writer.js';
import { FrameParser } from './frames.js';

// What the floors share: any number of calls at a time on one connection, MessagePack as msgpackr writes it by default,
// and nothing that a framework does: no names, deadlines, checks, limits or errors.

const endpoints = { small: 1, records: 2 } as const;

export async function serveMux(handlers: Handlers, flushing: Flushing): Promise<Serving> {
  const pool: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const writer = new FrameWriter(socket, pool, flushing);
    const parser = new FrameParser((endpoint, id, buffer, start, end) => {
      const request = unpacked(buffer, start, end);
      if (endpoint === endpoints.small) writer.send(endpoint, id, handlers.small(request as never));
      else writer.send(endpoint, id, handlers.records(request as never));
    });
    socket.on('data', (chunk) => parser.push(chunk));
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
export async function connectMux(address: string, flushing: Flushing, pool: Buffer[]): Promise<Connected> {
  const socket = connectTo({ port: Number(address), host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  const calls = new PendingCalls(new FrameWriter(socket, pool, flushing));
  const parser = new FrameParser((_endpoint, id, buffer, start, end) => calls.answer(id, unpacked(buffer, start, end)));
  socket.on('data', (chunk) => parser.push(chunk));
  return {
    small: (request) => calls.call(endpoints.small, request),
    records: (request) => calls.call(endpoints.records, request),
    close: async () => {
      socket.destroy();
      await once(socket, 'close');
    },
  };
}

/** Who waits for which answer: slots in an array, the free ones in a list. */
class PendingCalls {
  readonly #slots: (((value: never) => void) | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(private readonly writer: FrameWriter) {}

  call<T>(endpoint: number, request: unknown): Promise<T> {
    return new Promise<T>((resolve) => {
      const id = this.#free.pop() ?? this.#slots.length;
      this.#slots[id] = resolve;
      this.writer.send(endpoint, id, request);
    });
  }

  answer(id: number, value: unknown): void {
    const resolve = this.#slots[id];
    this.#slots[id] = undefined;
    this.#free.push(id);
    resolve?.(value as never);
  }
}

function unpacked(buffer: Buffer, start: number, end: number): unknown {
  range.start = start;
  range.end = end;
  return unpackr.unpack(buffer, range);
}

const unpackr = new Unpackr({ useRecords: false });
/** Filled anew for each message, so that none is made per message. */
const range = { start: 0, end: 0 };
