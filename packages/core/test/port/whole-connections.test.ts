import type { Socket } from 'node:net';
import type { WholeRequest } from '@tenon/contract';
import { expect, test } from 'vitest';
import { connectTo, listenTo, textOf, until } from './port-under-test.js';
import { answering, bodyOf, opened, post } from './whole-claim.js';

// What ends a connection whose requests all came whole: no timer of Node's HTTP looks after it.

type Heard = ReturnType<typeof listenTo>;

test('an idle connection is ended after the keep-alive time and its margin, one under way is not', async () => {
  const held: WholeRequest[] = [];
  const { port } = await opened(
    (request) => {
      if (request.head.path === '/held') held.push(request);
      else request.answer(200, [], '');
    },
    { keepAliveMs: 1_000 },
  );
  const [idle, busy] = [await connectTo(port), await connectTo(port)];
  const [heardIdle, heardBusy] = [listenTo(idle), listenTo(busy)];
  const start = performance.now();
  idle.write(post('/', ''));
  busy.write(post('/held', ''));
  await until(() => heardIdle.ended, 'the idle one was ended');
  expect(heardIdle.text).toContain('Keep-Alive: timeout=1\r\n');
  expect(performance.now() - start).toBeGreaterThanOrEqual(1_900);
  expect(heardBusy.ended).toBe(false);
  held[0]?.answer(200, [], 'late');
  await until(() => heardBusy.text.endsWith('late'), 'the busy one was answered');
});

test('a peer that does not take its answer is cut off, and the claimant hears of it', async () => {
  const whole = 32 * 1_024 * 1_024;
  const { port, seen } = await opened((request) => request.answer(200, [], Buffer.alloc(whole)), {
    replyTimeoutMs: 150,
  });
  for (const close of [[], ['Connection: close']]) {
    const socket = await connectTo(port);
    const before = seen.ends;
    socket.write(post('/', '', ...close));
    await until(() => seen.whole.length === before + 1, 'the request came');
    expect(seen.ends).toBe(before);
    await until(() => seen.ends === before + 1, 'the answer was given up');
    expect((await textOf(socket)).length).toBeLessThan(whole);
  }
});

test('a slow reader gets a large answer whole, and the next answer behind it', async () => {
  const large = Buffer.alloc(8 * 1_024 * 1_024, 'x');
  const { port, seen } = await opened((request) =>
    request.answer(200, [], request.head.path === '/large' ? large : 'small'),
  );
  const socket = await connectTo(port);
  socket.write(post('/large', ''));
  await until(() => seen.whole.length === 1, 'the first came');
  socket.write(post('/small', '', 'Connection: close'));
  const reply = bodyOf(await textOf(socket));
  expect(reply.slice(0, large.length)).toBe(large.toString('latin1'));
  expect(bodyOf(reply.slice(large.length))).toMatch(/small/);
  await until(() => seen.ends + seen.others.length === 2, 'both had ended');
});

test.each([
  ['ends its side', (socket: Socket) => socket.end()],
  ['resets', (socket: Socket) => socket.resetAndDestroy()],
])('a peer that %s has left: its claimant hears of it once, and may still answer nobody', async (_how, leave) => {
  const { port, seen } = await opened(() => true);
  const socket = await connectTo(port);
  socket.write(post('/', ''));
  await until(() => seen.whole.length === 1, 'the request came');
  leave(socket);
  await until(() => seen.ends === 1, 'its claimant heard');
  seen.whole[0]?.answer(200, [], 'late');
  expect(seen.ends).toBe(1);
});

test('drain finishes what is under way, ends what is idle after the grace, and answers what comes meanwhile', async () => {
  const { port, seen } = await opened(
    (request) => request.head.path === '/held' || request.answer(200, [], 'at once'),
    {
      drainGraceMs: 500,
    },
  );
  const sockets = [await connectTo(port), await connectTo(port), await connectTo(port)] as const;
  const [held, idle, late] = sockets.map(listenTo) as [Heard, Heard, Heard];
  sockets[0].write(post('/held', ''));
  for (const socket of sockets.slice(1)) socket.write(post('/', ''));
  await until(() => seen.whole.length === 3 && seen.ends === 2, 'two were idle and one under way');
  let drained = false;
  const drain = port.port.drain().then(() => {
    drained = true;
  });
  sockets[2].write(post('/', ''));
  await until(() => late.ended, 'the late one was answered and ended');
  expect(late.text).toMatch(/Connection: close\r\n\r\nat once$/);
  await until(() => idle.ended, 'the idle one was ended');
  expect(idle.text).toMatch(/Keep-Alive: timeout=65\r\n\r\nat onceHTTP\/1\.1 408 .*\r\n[\s\S]*"refusal":"draining"}$/);
  expect([held.ended, drained]).toEqual([false, false]);
  seen.whole[0]?.answer(200, [], 'late');
  await until(() => held.ended && drained, 'everything had ended');
  expect(held.text).toMatch(/Connection: close\r\n\r\nlate$/);
  await drain;
});

test('a connection that was given away is left alone', async () => {
  const { port, seen } = await opened(answering, { drainGraceMs: 0 });
  const socket = await connectTo(port);
  const heard = listenTo(socket);
  socket.write(post('/declined', ''));
  await until(() => heard.text.endsWith('other /declined:'), 'it was given away');
  socket.write(post('/late', ''));
  await until(() => seen.others.length === 2, 'the next one was under way');
  const drain = port.port.drain();
  await until(() => heard.ended, 'the connection ended');
  expect(heard.text).toMatch(/other \/late:$/);
  await drain;
});

test('close ends everything at once, and claimants hear of it', async () => {
  const { port, seen } = await opened(() => true);
  const socket = await connectTo(port);
  socket.write(post('/', ''));
  await until(() => seen.whole.length === 1, 'the request came');
  await port.port.close();
  await until(() => seen.ends === 1, 'its claimant heard');
});
