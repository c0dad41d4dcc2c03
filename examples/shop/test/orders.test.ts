import { createTestApp, mockService } from '@tenon/testing';
import { ServiceError } from 'tenon';
import { expect, test } from 'vitest';
import { Mails, Outbox } from '../src/mails.js';
import { Orders } from '../src/orders.js';
import { Payments } from '../src/payments.js';

const order = { orderId: 'o-1', customer: 'ada@example.com', lines: [{ sku: 'tea', quantity: 2, cents: 450 }] };

test('an order is paid, and the customer thanked', async () => {
  const charges: unknown[] = [];
  const charge = async (request: unknown) => {
    charges.push({ ...(request as object) });
    return { receipt: 'r-1', node: 'payments-1' };
  };
  await using app = await createTestApp({ services: [Orders, Mails], mocks: [mockService(Payments, { charge })] });
  const placed = await app.client(Orders).place(order);
  expect(placed).toEqual({ orderId: 'o-1', cents: 900, receipt: 'r-1', paidBy: 'payments-1' });
  expect(charges).toEqual([{ orderId: 'o-1', cents: 900 }]);
  await expect
    .poll(() => app.get(Outbox).sent)
    .toEqual([{ to: 'ada@example.com', text: 'Thank you for order o-1 over 9.00.' }]);
});

test('an order that cannot be paid is refused with the reason, and nobody is thanked', async () => {
  const charge = async (): Promise<never> => {
    throw new ServiceError('FailedPrecondition', 'the card has expired');
  };
  await using app = await createTestApp({ services: [Orders, Mails], mocks: [mockService(Payments, { charge })] });
  await expect(app.client(Orders).place(order)).rejects.toMatchObject({
    code: 'FailedPrecondition',
    service: 'payments',
  });
  expect(app.get(Outbox).sent).toEqual([]);
});

test('an order that breaks the rules of its class never reaches the handler', async () => {
  await using app = await createTestApp({ services: [Orders], mocks: [mockService(Payments, {})] });
  const error: unknown = await app
    .client(Orders)
    .place({ ...order, lines: [{ sku: 'tea', quantity: 0, cents: 450 }] })
    .catch((thrown) => thrown);
  expect(error).toMatchObject({
    code: 'InvalidArgument',
    details: { violations: [{ field: 'lines[0].quantity', rule: 'min' }] },
  });
});

test('the card has a limit', async () => {
  await using app = await createTestApp({ services: [Orders, Payments] });
  const lines = [{ sku: 'gold', quantity: 1, cents: 200_000 }];
  await expect(app.client(Orders).place({ ...order, lines })).rejects.toMatchObject({
    details: { limitCents: 100_000 },
  });
});

test('a basket is priced as it is filled, and in the end', async () => {
  await using app = await createTestApp({ services: [Orders], mocks: [mockService(Payments, {})] });
  const orders = app.client(Orders);
  const basket = [
    { sku: 'tea', quantity: 2, cents: 450 },
    { sku: 'cup', quantity: 1, cents: 800 },
  ];
  expect(await all(orders.price(basket))).toEqual([
    { lines: 1, cents: 900 },
    { lines: 2, cents: 1_700 },
  ]);
  expect(await orders.total(basket)).toEqual({ lines: 2, cents: 1_700 });
});

test('installments come to the whole sum', async () => {
  await using app = await createTestApp({ services: [Payments] });
  const due = await all(app.client(Payments).installments({ cents: 1_000, months: 3 }));
  expect(due.map(({ cents }) => cents)).toEqual([333, 333, 334]);
});

async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const read: T[] = [];
  for await (const message of messages) read.push(message);
  return read;
}
