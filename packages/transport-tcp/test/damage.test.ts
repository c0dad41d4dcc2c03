import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { newTransport, nodeAt } from './fixture.js';
import { rawFrame, rawGreeting, rawSegment } from './raw-peer.js';
import { RawServer } from './raw-server.js';
import { call, replyOf, Serving } from './serving.js';

// What a wire does to bytes on their way: it cuts them off, and it changes some of them.

const closings: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

test('a server that ends at any byte of what it says ends the call with an error, and never with a value', async () => {
  const answers = Buffer.concat([
    rawSegment(rawGreeting(2)),
    rawSegment(rawFrame(0x14, 0x1_0000, Buffer.concat([Buffer.alloc(1), Buffer.from('{"hello":"Ada"}')]))),
  ]);
  const greetingBytes = rawSegment(rawGreeting(2)).length;
  let end = 0;
  const server = await RawServer.start(({ type }, { socket }) => {
    // The greeting alone where it is asked for, the rest for the call.
    if (type === 1) socket?.write(answers.subarray(0, Math.min(end, greetingBytes)));
    if (type === 0x10) socket?.write(answers.subarray(greetingBytes, end));
    if (type === 0x10 || (type === 1 && end <= greetingBytes)) socket?.end();
  });
  closings.push(() => server.close());
  const transport = newTransport();
  closings.push(() => transport.close());
  for (; end < answers.length; end += 1) {
    const outcome = await transport
      .dial(nodeAt(server.address), { service: 'greeter' })
      .then(async (connection) => {
        const reply = await call(connection, 'Hello', 'Ada', 5_000).catch((error: unknown) => error);
        await connection.close();
        return reply;
      })
      .catch((error: unknown) => error);
    expect(outcome, `${end} bytes`).toMatchObject({ code: 'Unavailable' });
  }
});

test('of calls through a wire that flips bits none gets a wrong answer', async () => {
  const serving = await Serving.start();
  closings.push(() => serving.close());
  const wire = await FlippingWire.to(serving.port);
  closings.push(() => wire.close());
  const transport = newTransport({ options: { pingAfterMs: 200, pingTimeoutMs: 200 } });
  closings.push(() => transport.close());
  const asked = new Set<unknown>();
  const heard: unknown[] = [];
  serving.answer('Greeter.Echo', (incoming) => {
    heard.push(incoming.decode());
    return replyOf(heard.at(-1));
  });
  let answered = 0;
  let failed = 0;
  for (let round = 0; round < 300; round += 1) {
    const connection = await transport.dial(nodeAt(wire.address), { service: 'greeter' }).catch(() => undefined);
    if (connection === undefined) continue;
    const texts = Array.from({ length: 10 }, (_, index) => `${round}.${index} `.repeat(1 + index * 10));
    for (const text of texts) asked.add(text);
    const outcomes = await Promise.allSettled(texts.map((text) => call(connection, 'Echo', text, 2_000)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'fulfilled') {
        expect(outcome.value.value).toBe(texts[index]);
        answered += 1;
      } else {
        expect(outcome.reason).toMatchObject({ code: expect.stringMatching(/^(?:Unavailable|DeadlineExceeded)$/) });
        failed += 1;
      }
    }
    await connection.close();
  }
  // Neither did a damaged request reach a handler.
  expect(heard.filter((value) => !asked.has(value))).toEqual([]);
  expect([wire.flipped > 20, answered > 100, failed > 20]).toEqual([true, true, true]);
}, 60_000);

/** Forwards bytes both ways, with one bit of each 10 KiB turned over. */
class FlippingWire {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  flipped = 0;
  #untilNext = spacing;
  #at = 7;

  private constructor(port: number) {
    this.#server = createServer((from) => {
      const to = connect({ host: '127.0.0.1', port });
      this.#sockets.push(from, to);
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        one.on('data', (chunk: Buffer) => other.write(this.#damaged(chunk)));
        one.on('error', () => {});
        one.on('close', () => other.destroy());
      }
    });
  }

  static async to(port: number): Promise<FlippingWire> {
    const wire = new FlippingWire(port);
    wire.#server.listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    return wire;
  }

  get address(): string {
    const address = this.#server.address();
    return typeof address === 'object' ? `127.0.0.1:${address?.port}` : '';
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #damaged(chunk: Buffer): Buffer {
    const bytes = Buffer.from(chunk);
    for (let at = this.#untilNext; at < bytes.length; at += spacing) {
      bytes[at] = (bytes[at] as number) ^ (1 << (this.#at & 7));
      this.#at = (this.#at * 5 + 3) & 0xffff;
      this.flipped += 1;
      this.#untilNext += spacing;
    }
    this.#untilNext -= bytes.length;
    return bytes;
  }
}

/** A prime, so that it meets headers, checksums and payloads alike. */
const spacing = 10_243;
