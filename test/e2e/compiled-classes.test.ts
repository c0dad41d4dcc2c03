import { type App, type ServiceError } from 'tenon';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { TestFleet } from './fleet.js';
import { NewLedger, NewOrders, OddOrders, OldOrders, OldPlaced } from './versions.js';
import { WatchedCodec } from './watched-codec.js';

const order = Object.freeze({
  customer: 'Ada',
  lines: Object.freeze([Object.freeze({ sku: 'a', quantity: 2 }), Object.freeze({ sku: 'b', quantity: 1 })]),
});
const receipt = { cents: 300, at: new Date(86_400_000) };

describe.each(['tenon/1', 'tenon/1 under TLS'] as const)('classes over %s', (wire) => {
  let fleet = new TestFleet(wire);

  afterEach(async () => {
    await fleet.close();
    fleet = new TestFleet(wire);
  });

  async function started(
    service: new () => object,
  ): Promise<{ caller: App; requests: WatchedCodec; replies: WatchedCodec }> {
    const [requests, replies] = [new WatchedCodec(), new WatchedCodec()];
    await fleet.start({ services: [service], modules: [replies.module] });
    return { caller: await fleet.start({ modules: [requests.module] }), requests, replies };
  }

  test('requests and replies go by their layouts once both sides know them', async () => {
    const { caller, requests, replies } = await started(OldOrders);
    const orders = caller.client(OldOrders);
    for (let call = 0; call < 4; call += 1) expect(await orders.place(order)).toEqual(receipt);
    for (const { written } of [requests, replies]) {
      expect(written).toEqual(['plain', 'by layout', 'by layout', 'by layout']);
    }
  });

  test('so do the messages of streams', async () => {
    const { caller, requests, replies } = await started(OldOrders);
    const orders = caller.client(OldOrders);
    await orders.place(order);
    const received: unknown[] = [];
    for await (const one of orders.placeAll([order, order, order])) received.push(one);
    expect(received).toEqual([receipt, receipt, receipt]);
    for (const { written } of [requests, replies]) expect(written.slice(1)).toEqual(Array(3).fill('by layout'));
  });

  test('what breaks a rule is refused in the same words, whether it went plain or by its layout', async () => {
    const { caller, requests } = await started(OldOrders);
    const orders = caller.client(OldOrders);
    const broken = { ...order, lines: [{ sku: 'a', quantity: 0 }] };
    const plain = await failure(orders.place(broken));
    await orders.place(order);
    const laidOut = await failure(orders.place(broken));
    expect(requests.written).toEqual(['plain', 'by layout', 'by layout']);
    expect(laidOut).toMatchObject({ code: 'InvalidArgument', executed: 'no', rawMessage: plain.rawMessage });
    expect(laidOut.details).toEqual(plain.details);
    expect(await orders.place(order)).toEqual(receipt);
  });

  test('a field that the class does not have still arrives', async () => {
    const { caller, requests } = await started(OldOrders);
    const orders = caller.client(OldOrders);
    await orders.place(order);
    await orders.place({ ...order, more: true } as typeof order);
    expect(requests.written).toEqual(['plain', 'plain']);
  });

  test.each([
    ['an older caller and a newer service', OldOrders, NewOrders, { ...receipt, currency: 'EUR' }, 'by layout'],
    // Whose quantities may have fractions, which the older class does not take.
    ['a newer caller and an older service', NewOrders, OldOrders, receipt, 'plain'],
  ])('%s understand each other', async (_who, theirs, ours, answer, inTheEnd) => {
    const { caller, requests, replies } = await started(ours);
    const orders = caller.client(theirs as typeof OldOrders);
    for (let call = 0; call < 4; call += 1) expect(await orders.place(order)).toEqual(answer);
    expect(requests.written).toEqual(['plain', 'by layout', inTheEnd, inTheEnd]);
    expect(replies.written).toEqual(['plain', 'by layout', 'by layout', 'by layout']);
  });

  test('a rolling upgrade with both versions live fails no call', async () => {
    await fleet.start({ services: [OldOrders] });
    const [older, newer] = [await fleet.start(), await fleet.start()];
    const calls: Promise<{ readonly cents: number }>[] = [];
    const burst = async (): Promise<void> => {
      for (let call = 0; call < 50; call += 1) {
        calls.push(older.client(OldOrders).place(order), newer.client(NewOrders).place(order));
        if (call % 10 === 0) await Promise.all(calls);
      }
    };
    await burst();
    await fleet.start({ services: [NewOrders] });
    await burst();
    await fleet.start({ services: [OddOrders] });
    await burst();
    const answers = await Promise.all(calls);
    expect(answers).toHaveLength(300);
    expect(new Set(answers.map(({ cents }) => cents))).toEqual(new Set([300, 2]));
  });

  test('a service whose class does not fit goes back to plain, and answers every call', async () => {
    const { caller, requests } = await started(OddOrders);
    const orders = caller.client(OldOrders);
    const answers = await Promise.all(Array.from({ length: 20 }, () => orders.place(order)));
    expect(answers.map(({ cents }) => cents)).toEqual(Array(20).fill(2));
    await vi.waitFor(async () => {
      await orders.place(order);
      expect(requests.written.at(-1)).toBe('plain');
    });
  });
});

test('an event that carries its layout is read by a subscriber of another version', async () => {
  const fleet = new TestFleet('memory');
  try {
    const ledger = (await fleet.start({ services: [NewLedger] })).get(NewLedger);
    const publisher = (await fleet.start()).publisher(OldPlaced);
    await publisher.publish({ id: 'o-1', cents: 300 }, { contentType: 'application/vnd.tenon.compiled' });
    await vi.waitFor(() => expect(ledger.placed).toEqual([{ id: 'o-1', cents: 300 }]));
  } finally {
    await fleet.close();
  }
});

function failure(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => expect.fail('it succeeded'),
    (error) => error,
  );
}
