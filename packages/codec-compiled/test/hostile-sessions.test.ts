import { isDeepStrictEqual } from 'node:util';
import { Built, type CodecSession, type Decoder, type DtoClass, ServiceError } from '@tenon/contract';
import { BufferSink } from '@tenon/contract/authoring';
import { compileDto } from '@tenon/validator-class';
import { expect, test } from 'vitest';
import { NewerOrder, Order, OtherOrder } from './classes.js';
import { End, encoded, Pair } from './linked-pair.js';
import { randomBytes, withoutStacks } from './random-bytes.js';

const values = 1_000_000;
const announcements = 100_000;
const compiled = compileDto(Order);
const perConnection = 5;
const mebibyte = 1_024 * 1_024;

/** Runs it, and says whether it was refused as is promised; fails on any other error. */
function isRefused(run: () => void, bytes: Buffer): boolean {
  try {
    run();
    return false;
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.code === 'InvalidArgument' && thrown.executed === 'no') return true;
    throw new Error(`${bytes.toString('hex')} ended in ${String(thrown)}`, { cause: thrown });
  }
}

interface Swept {
  readonly read: number;
  readonly built: number;
}

/** Gives every input to a decoder with the plan. What is built is what the validator makes of it as it is read without. */
function sweep(inputs: Iterable<Buffer>, planned: Decoder, unplanned: Decoder): Swept {
  let read = 0;
  let built = 0;
  const before = process.memoryUsage().rss;
  withoutStacks(() => {
    for (const bytes of inputs) {
      let value: unknown;
      if (isRefused(() => (value = planned(bytes, 0, bytes.length)), bytes)) continue;
      read += 1;
      if (!(value instanceof Built)) continue;
      built += 1;
      const expected = compiled.validate(unplanned(bytes, 0, bytes.length));
      if (!isDeepStrictEqual(value.value, expected)) expect.fail(`built otherwise: ${bytes.toString('hex')}`);
    }
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * mebibyte);
  expect(Object.keys(Object.prototype)).toEqual([]);
  return { read, built };
}

const classes = [Order, NewerOrder, OtherOrder];
const short = { customer: 'Ada', items: [{ id: 7, name: 'one', price: 1.25, active: true }] };

test(`${values} random and damaged values on a connection are read, built or refused, and it goes on`, () => {
  const pair = new Pair();
  const { server, client } = pair;
  server.session.decoder(Order);
  // Of the reader's own class, and of two that it was told of, which it is about to refuse.
  const samples = classes.map((one) => {
    encoded(client.session, valueFor(one), one);
    pair.exchange();
    return encoded(client.session, valueFor(one), one);
  });
  expect(samples.map(([number]) => number)).toEqual([1, 2, 3]);
  const [good] = samples as [Buffer];
  samples.push(good, good, encoded(client.session, short));

  const [planned, unplanned] = [server.session.decoder(Order, compiled.plan), server.session.decoder(Order)];
  const { read, built } = sweep(randomBytes(values, 0x2345_6789, samples, 64), planned, unplanned);
  process.stdout.write(`${values} values on a connection, ${read} of them read, ${built} of these built\n`);
  expect(read).toBeGreaterThan(values / 50);
  expect(built).toBeGreaterThan(values / 100);
  expect(planned(good, 0, good.length)).toEqual(new Built(compiled.validate(short) as object));
  expect(server.logger.warnings).toHaveLength(2);
}, 120_000);

test(`${values} random and damaged messages that stand alone are read, built or refused`, () => {
  const alone = new End().open(false);
  const sender = new End().open(false);
  const samples = classes.map((one) => encoded(sender, valueFor(one), one));
  const [good] = samples as [Buffer];
  samples.push(good, encoded(sender, short));
  const [planned, unplanned] = [alone.decoder(Order, compiled.plan), alone.decoder(Order)];
  const { read, built } = sweep(randomBytes(values, 0x3456_789a, samples, 64), planned, unplanned);
  process.stdout.write(`${values} messages that stand alone, ${read} of them read, ${built} of these built\n`);
  expect(read).toBeGreaterThan(values / 50);
  expect(built).toBeGreaterThan(values / 1_000);
  expect(planned(good, 0, good.length)).toEqual(new Built(compiled.validate(short) as object));
}, 120_000);

test(`${announcements} random and damaged announcements are learned or refused, and what is said behind them is bounded`, () => {
  const samples = announced();
  const end = new End();
  const before = process.memoryUsage().rss;
  let learned = 0;
  let answers = 0;
  let session = end.session;
  withoutStacks(() => {
    let told = 0;
    for (const bytes of randomBytes(announcements, 0x4567_89ab, samples, 64)) {
      // Some to one connection, of which one or the other is refused: a transport would have ended it at that.
      if (told % perConnection === 0) session = opened(end, told % (2 * perConnection) === 0 ? undefined : samples[0]);
      told += 1;
      if (!isRefused(() => session.learn?.(bytes, 0, bytes.length), bytes)) learned += 1;
      for (let said = session.announce?.(); said !== undefined; said = session.announce?.()) {
        answers += 1;
        if (said.length > 64 * 1_024) expect.fail(`an answer of ${said.length} bytes`);
      }
      if (told % perConnection === 0) goesOn(session);
    }
  });
  process.stdout.write(`${announcements} announcements, ${learned} of them learned, ${answers} answered\n`);
  expect(learned).toBeGreaterThan(announcements / 50);
  expect(answers).toBeGreaterThan(announcements / 100);
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * mebibyte);
}, 120_000);

function valueFor(one: DtoClass): object {
  if (one === Order) return short;
  return one === OtherOrder ? { ...short, customer: 7 } : { items: short.items, note: 'newer' };
}

/** A connection on which a layout of ours was offered, so that there is something to answer, and perhaps those of the peer. */
function opened(end: End, offers: Buffer | undefined): CodecSession {
  const session = end.open(true);
  if (offers !== undefined) session.learn?.(offers, 0, offers.length);
  encoded(session, short, Order);
  while (session.announce?.() !== undefined);
  return session;
}

/** Whatever was learned, values are written, and what is plain is read. */
function goesOn(session: CodecSession): void {
  const sink = new BufferSink();
  session.encoder(Order)(short, sink);
  if (sink.buffer[0] === 0) return;
  expect(sink.buffer[0]).toBe(1);
  expect(session.decoder(Order)(Buffer.from('00c0', 'hex'), 0, 2)).toBeNull();
}

/** What two ends say to each other until they agree on three classes, message by message and all entries of one side together. */
function announced(): Buffer[] {
  const pair = new Pair();
  const { client, server } = pair;
  const said: Buffer[] = [];
  server.session.decoder(Order);
  for (const one of classes) encoded(client.session, valueFor(one), one);
  for (let more = true; more; ) {
    more = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      const news = from.session.announce?.();
      if (news === undefined) continue;
      more = true;
      said.push(Buffer.from(news));
      to.session.learn?.(news, 0, news.length);
    }
  }
  const offers = said[0] as Buffer;
  const layouts = said.find((one) => one[0] === 2) as Buffer;
  return [...said, Buffer.concat([offers, layouts]), Buffer.from('030001', 'hex'), Buffer.from('040001', 'hex')];
}
