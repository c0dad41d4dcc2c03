import assert from 'node:assert/strict';
import { eventually } from '@tenon/conformance';
import { type App, ServiceError } from 'tenon';
import type { Meeting } from '../../harness/meeting.js';
import { Gopher, type Order } from './gopher.js';
import { patience } from './our-app.js';
import { fromOf, nameOf, type Wire } from './wires.js';

/**
 * Our client calls its server, which serves one wire.
 *
 * @param to - the server's address; without one it is found in the registry
 */
export async function weCall(
  meeting: Meeting,
  app: App,
  wire: Wire,
  to: { readonly address?: string } = {},
): Promise<void> {
  const name = (what: string): string => `we call over ${nameOf(wire)}: ${what}`;
  const client = app.client(Gopher);
  const options = { ...to, contentType: wire.ourType };
  const named = { ...options, metadata: { 'x-from': fromOf(wire) } };
  await meeting.case(name('a unary call, with metadata'), () =>
    // The first one waits for the registry.
    eventually(async () => {
      assert.equal((await client.hello(order('Ada'), named)).msg, `Hello Ada from ${fromOf(wire)}`);
    }, patience),
  );
  await meeting.case(name('errors'), async () => {
    const found = await failureOf(client.fail(order('x'), options));
    assert.deepEqual([found.code, found.rawMessage], ['NotFound', 'no such x']);
    const plain = await failureOf(client.plain(order('x'), options));
    assert.deepEqual([plain.code, plain.rawMessage], ['Unknown', 'plain failure']);
    const absent = await failureOf(app.call('gogreeter', 'Greeter.Nope', {}, options));
    assert.equal(absent.code, 'Unimplemented');
  });
  await meeting.case(name('the time that is left'), async () => {
    const { left } = await client.left(order('x'), { ...options, timeoutMs: 3_000 });
    assert.ok(left > 1_000 && left <= 3_000, `${left} ms`);
  });
  await meeting.case(name('a call that takes too long'), async () => {
    const late = await failureOf(client.wait(order('x'), { ...options, timeoutMs: 300 }));
    assert.equal(late.code, 'DeadlineExceeded');
  });
  await meeting.case(name('fifty calls at once'), async () => {
    const names = Array.from({ length: 50 }, (_none, index) => `n${index}`);
    const replies = await Promise.all(names.map((one) => client.hello(order(one), options)));
    assert.deepEqual(
      replies.map(({ msg }) => msg),
      names.map((one) => `Hello ${one}`),
    );
  });
  await meeting.case(name('streams of all kinds'), async () => {
    const counted = await all(client.count(order('x', 3), options));
    assert.deepEqual(
      counted.map(({ n }) => n),
      [1, 2, 3],
    );
    const chatted = await all(client.chat(orders('one', 'two'), options));
    assert.deepEqual(
      chatted.map(({ msg }) => msg),
      ['got one', 'got two'],
    );
    assert.equal((await client.sum(orders('1', '2', '3'), options)).n, 6);
  });
  await meeting.case(name('a stream that ends in an error, and one that is left early'), async () => {
    const failure = await failureOf(all(client.count(order('fail', 1), options)));
    assert.deepEqual([failure.code, failure.rawMessage], ['InvalidArgument', 'boom']);
    for await (const { n } of client.count(order('x', 100_000), options)) if (n === 2) break;
    assert.equal((await client.hello(order('Ada'), options)).msg, 'Hello Ada');
  });
}

function order(name: string, to = 0): Order {
  return { name, to };
}

async function* orders(...names: readonly string[]): AsyncIterable<Order> {
  for (const name of names) yield order(name, Number(name) || 0);
}

async function all<T>(messages: AsyncIterable<T>): Promise<readonly T[]> {
  const read: T[] = [];
  for await (const message of messages) read.push(message);
  return read;
}

function failureOf(outcome: Promise<unknown>): Promise<ServiceError> {
  return outcome.then(
    () => {
      throw new Error('it succeeded');
    },
    (thrown: unknown) => ServiceError.from(thrown),
  );
}
