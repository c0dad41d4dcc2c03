import { Duplex } from 'node:stream';
import { DeadlineWheel } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing';
import { beforeEach, expect, test } from 'vitest';
import { Lingering } from './lingering.js';
import { Sniffer } from './sniffer.js';

let clock: FakeClock;
let wheel: DeadlineWheel;
let sniffer: Sniffer;

beforeEach(() => {
  clock = new FakeClock();
  wheel = new DeadlineWheel(clock);
  sniffer = new Sniffer(wheel, clock);
});

test('whoever gets the socket reads every byte, and finds it as if nobody had listened', async () => {
  const { socket, outcome } = sniffed();
  for (const piece of ['a', 'b', 'c']) {
    socket.push(piece);
    await turn();
  }
  expect(outcome).toEqual(['verdict abc']);
  expect(socket.readableFlowing).toBeNull();
  expect(socket.eventNames().filter((name) => name === 'readable' || name === 'end')).toEqual([]);
  socket.push('d');
  const read: string[] = [];
  socket.on('data', (chunk: Buffer) => read.push(String(chunk)));
  await turn();
  expect(read.join('')).toBe('abcd');
});

test('bytes that are there already are looked at, also when the peer has ended behind them', async () => {
  const { socket, outcome } = sniffed((stream) => {
    stream.push('abc');
    stream.push(null);
  });
  await turn();
  expect(outcome).toEqual(['verdict abc']);
  let read = '';
  for await (const chunk of socket) read += String(chunk);
  expect(read).toBe('abc');
});

test('a dripping peer has no more time than a silent one', async () => {
  const { socket, outcome } = sniffed();
  for (let ms = 0; ms < 900; ms += 450) {
    await clock.advance(450);
    socket.push('a');
    await turn();
  }
  expect(outcome).toEqual([]);
  await clock.advance(100);
  expect(outcome).toEqual(['silence']);
  socket.push('bcd');
  await turn();
  expect(outcome).toEqual(['silence']);
});

test('in a hurry nobody has longer than that, whoever has less keeps it, and late ones have no more', async () => {
  const early = sniffed();
  await clock.advance(900);
  const late = sniffed();
  sniffer.hurry(300);
  const later = sniffed();
  await clock.advance(100);
  expect([early.outcome, late.outcome]).toEqual([['silence'], []]);
  await clock.advance(200);
  expect([late.outcome, later.outcome]).toEqual([['silence'], ['silence']]);
});

test('a peer that leaves is forgotten, and nothing is left behind', async () => {
  const ended = sniffed();
  ended.socket.push('a');
  ended.socket.push(null);
  const broken = sniffed();
  broken.socket.destroy();
  await turn();
  await clock.advance(10_000);
  expect([ended.outcome, broken.outcome, ended.socket.destroyed]).toEqual([[], [], true]);
  expect(wheel.size).toBe(0);
});

test('a socket that is destroyed between verdict and handing over is handed to nobody', async () => {
  const { socket, outcome } = sniffed();
  socket.once('readable', () => socket.destroy());
  socket.push('abc');
  await turn();
  expect(outcome).toEqual([]);
});

test('last words are followed by the end, and the peer has a second to read them', async () => {
  const written: string[] = [];
  const socket = stream(written);
  new Lingering(wheel, clock).end(socket, 'last words');
  await turn();
  expect([written, socket.writableEnded, socket.destroyed]).toEqual([['last words'], true, false]);
  socket.push('what nobody reads');
  await clock.advance(999);
  expect(socket.destroyed).toBe(false);
  await clock.advance(1);
  expect([socket.destroyed, wheel.size]).toEqual([true, 0]);
});

/** Wants three bytes within a second. */
function sniffed(before: (socket: Duplex) => void = () => {}): { socket: Duplex; outcome: string[] } {
  const outcome: string[] = [];
  const socket = stream();
  before(socket);
  sniffer.sniff<string>(socket, {
    timeoutMs: 1_000,
    judge: (read) => (read.length < 3 ? undefined : `verdict ${read}`),
    settle: (verdict) => outcome.push(verdict),
    silent: () => outcome.push('silence'),
  });
  return { socket, outcome };
}

function stream(written: string[] = []): Duplex {
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    written.push(String(chunk));
    done();
  };
  return new Duplex({ read: () => {}, write, allowHalfOpen: true });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
