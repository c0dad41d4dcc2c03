import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ConnectionClaim, Port, ServedCall } from '@tenon/contract';
import { noMetadata } from '@tenon/contract';
import { silentLogger } from '@tenon/contract/authoring';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newTransport } from './fixture.js';
import {
  framesOf,
  idOf,
  plainFramesOf,
  preamble,
  rawCall,
  rawFrame,
  rawGreeting,
  rawName,
  rawSegment,
} from './raw-peer.js';

/** Frames that look like those of a client, most of them nearly right. */
const payload = fc.oneof(
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant(Buffer.from('"text"')) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff_ffff }).map(fourBytes) },
);
const id = fc.oneof(
  fc
    .record({ slot: fc.integer({ min: 0, max: 4 }), turn: fc.integer({ min: 1, max: 3 }) })
    .map(({ slot, turn }) => idOf(slot, turn)),
  fc.constant(0),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);
const type = fc.oneof(
  fc.constantFrom(3, 4, 5, 6, 7, 0x10, 0x12, 0x13, 0x16, 0x18, 0x19, 0x50, 0x52, 0x59),
  fc.integer({ min: 0, max: 255 }),
);
const frame = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(type, id, payload).map(([of, to, bytes]) => rawFrame(of, to, bytes)) },
  {
    weight: 3,
    arbitrary: fc
      .record({
        slot: fc.integer({ min: 0, max: 4 }),
        turn: fc.integer({ min: 1, max: 2 }),
        endpoint: fc.integer({ min: 0, max: 4 }),
        more: fc.boolean(),
      })
      .map(({ slot, turn, endpoint, more }) =>
        rawCall(slot, turn, { endpoint, more, ...(endpoint < 2 ? { request: 1 } : {}) }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 4 }))
      .map(([number, kind]) => rawName(number, kind, 'Greeter.X')),
  },
);

test.each([true, false])(
  '100,000 generated frames neither break nor hang a server (in segments: %s)',
  async (segmented) => {
    const { feed, errors, close } = await newVictim(!segmented);
    let frames = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 20, maxLength: 40 }), fc.boolean(), async (sent, whole) => {
        frames += sent.length;
        feed(sent, whole);
        await nextTurn();
      }),
      { numRuns: 3_500, seed: 20_261_122 },
    );
    expect(frames).toBeGreaterThan(100_000);
    expect(errors).toEqual([]);
    await close();
  },
  120_000,
);

test('any bytes at all, greeted or not, end in GOAWAY 3 or in silence', async () => {
  const { feedBytes, errors, close } = await newVictim(false);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, greeted) => {
      const said = feedBytes(Buffer.from(bytes), greeted);
      expect(said.every(({ type: of, payload: reason }) => of === 2 || (of === 3 && reason[0] === 3))).toBe(true);
    }),
    { numRuns: 3_000, seed: 7 },
  );
  expect(errors).toEqual([]);
  await close();
});

/** A server whose sockets are the test: everything it does happens before `feed` returns. */
async function newVictim(encrypted: boolean) {
  const errors: unknown[] = [];
  const logger = Object.assign(silentLogger(), {
    error: (message: string, fields: unknown): void => {
      errors.push([message, fields]);
    },
  });
  const transport = newTransport({ logger });
  let claim: ConnectionClaim | undefined;
  const port = {
    instance: 'i',
    maxMessageBytes: 10_000,
    encrypted,
    claimConnection: (made: ConnectionClaim) => {
      claim = made;
    },
  };
  const served: ServedCall = { cancel: () => {} };
  const listener = await transport.listen(port as unknown as Port, {
    handle: (call) => {
      // Some are answered, some are left, some are read.
      if (call.kind === 'unary') call.reply({ value: tryDecode(call), metadata: noMetadata });
      else if (call.kind === 'client') void drain(call.messages());
      else if (call.kind === 'bidi') call.reply({ value: undefined, messages: call.messages(), metadata: noMetadata });
      return served;
    },
    refusal: () => undefined,
    kindOf: () => undefined,
  });
  const open = () => {
    const written: Buffer[] = [];
    const socket = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        written.push(Buffer.from(chunk));
        done();
      },
    });
    claim?.handle({ socket, address: 'test', identity: undefined, encrypted });
    return { socket, written };
  };
  const framed = (frames: readonly Buffer[]): Buffer => (encrypted ? Buffer.concat(frames) : rawSegment(...frames));
  const names = ['unary', 'server', 'client', 'bidi', 'none'].map((name, kind) =>
    rawName(kind, kind % 4, `Greeter.${name}`),
  );
  return {
    errors,
    feed: (frames: readonly Buffer[], whole: boolean): void => {
      const { socket } = open();
      const greeting = [preamble, framed([rawGreeting(1, { linked: [] })]), framed(names)];
      const rest = whole ? [framed(frames)] : frames.map((one) => framed([one]));
      for (const bytes of [...greeting, ...rest]) socket.emit('data', bytes);
      socket.destroy();
    },
    feedBytes: (bytes: Buffer, greeted: boolean) => {
      const { socket, written } = open();
      socket.emit('data', preamble);
      if (greeted) socket.emit('data', framed([rawGreeting(1)]));
      socket.emit('data', bytes);
      socket.destroy();
      const said = Buffer.concat(written);
      return encrypted ? plainFramesOf(said) : framesOf(said);
    },
    close: async () => {
      await listener.close();
      await transport.close();
    },
  };
}

function tryDecode(call: { decode(): unknown }): unknown {
  try {
    return call.decode();
  } catch {
    return 'unreadable';
  }
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const _ of messages);
  } catch {
    // A stream that breaks off is what is tested.
  }
}

function fourBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
