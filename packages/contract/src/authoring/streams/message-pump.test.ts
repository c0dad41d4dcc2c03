import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { MessageOutput } from './message-output.js';
import { MessagePump } from './message-pump.js';

test.each([
  ['small', 10],
  ['large', 100_000],
])('a peer that takes %s messages at once does not keep the event loop from turning', async (_what, bytes) => {
  let taken = 0;
  const output = new MessageOutput(
    new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        taken += chunk.length;
        done();
      },
    }),
  );
  let isOver = false;
  const message = Buffer.alloc(bytes);
  const source = async function* () {
    for (let n = 0; n < 1_600; n += 1) yield message;
  };
  let turns = 0;
  const turning = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turning);
  };
  setImmediate(turning);
  const pump = new MessagePump(source(), {
    onMessage: (one) => output.write(one as Buffer),
    onSourceEnd: () => output.end(),
    onSourceFailure: (thrown) => expect(thrown).toBeUndefined(),
  });
  await pump.run(() => output);
  isOver = true;
  expect(taken).toBe(1_600 * bytes);
  expect(turns).toBeGreaterThanOrEqual(90);
});

test('a pump that is stopped between two turns takes no more', async () => {
  const output = new MessageOutput(new Writable({ write: (_chunk, _encoding, done) => done() }));
  let made = 0;
  const source = async function* () {
    for (;;) {
      made += 1;
      yield Buffer.alloc(10);
    }
  };
  const target = {
    onMessage: (one: unknown) => output.write(one as Buffer),
    onSourceEnd: () => {},
    onSourceFailure: () => {},
  };
  const pump = new MessagePump(source(), target);
  const running = pump.run(() => output);
  setImmediate(() => pump.stop());
  await running;
  expect(made).toBeGreaterThan(10);
  expect(made).toBeLessThan(100);
});
