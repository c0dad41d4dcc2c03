import assert from 'node:assert/strict';
import type { Ask } from './answer.js';

/** The one that wants a connection that is used again. */
export const reuse = 'ten calls on one connection';

/** What is tried each way, and must come out alike. */
export const curlCases: Readonly<Record<string, (ask: Ask) => Promise<void>>> = {
  'a unary call': async (ask) => {
    const [answer] = await ask('/greeter/Greeter.Hello', { body: '{"name":"Zoë"}' });
    assert.equal(answer?.status, 200);
    assert.deepEqual(JSON.parse(answer.body), { greeting: 'Hello Zoë' });
  },
  'a request in chunks': async (ask) => {
    const head = ['content-type: application/json', 'transfer-encoding: chunked'];
    const [answer] = await ask('/greeter/Greeter.Hello', { head, body: '{"name":"Ada"}' });
    assert.deepEqual(JSON.parse(answer?.body ?? ''), { greeting: 'Hello Ada' });
  },
  'a mebibyte, there and back': async (ask) => {
    const text = JSON.stringify('é'.repeat(524_288));
    const [answer] = await ask('/greeter/Greeter.Echo', { body: text });
    assert.equal(answer?.status, 200);
    assert.ok(answer.body === text);
  },
  'five mebibytes are too much': async (ask) => {
    const [answer] = await ask('/greeter/Greeter.Echo', { body: JSON.stringify('x'.repeat(5 * 2 ** 20)) });
    assert.equal(answer?.status, 413);
    assert.equal(JSON.parse(answer.body).code, 'ResourceExhausted');
  },
  'metadata, there and back': async (ask) => {
    const head = ['content-type: application/json', 'X-Request-Id: r-1', 'X-Name: Zoë'];
    const [answer] = await ask('/greeter/Greeter.Headers', { head });
    assert.deepEqual(JSON.parse(answer?.body ?? ''), { 'x-request-id': 'r-1', 'x-name': 'Zoë' });
    assert.match(answer?.head ?? '', /^x-request-id: r-1\r$/im);
    assert.match(answer?.head ?? '', /^x-name: Zoë\r$/im);
  },
  'a stream as lines': async (ask) => {
    const [answer] = await ask('/greeter/Greeter.Count', { body: '{"to":3}' });
    assert.equal(answer?.body, '{"n":1}\n{"n":2}\n{"n":3}\n');
  },
  'a stream as events': async (ask) => {
    const head = ['content-type: application/json', 'accept: text/event-stream'];
    const [answer] = await ask('/greeter/Greeter.Count', { head, body: '{"to":2}' });
    assert.match(answer?.head ?? '', /^content-type: text\/event-stream\r$/im);
    assert.deepEqual(answer?.body.match(/^data: .*$/gm), ['data: {"n":1}', 'data: {"n":2}', 'data: {}']);
  },
  'a request in msgpack and a reply in JSON': async (ask) => {
    const head = ['content-type: application/msgpack', 'accept: application/json'];
    const [answer] = await ask('/greeter/Greeter.Echo', { head, body: Uint8Array.of(0x93, 0x01, 0xc3, 0xa1, 0x78) });
    assert.equal(answer?.body, '[1,true,"x"]');
  },
  'an error that a service means': async (ask) => {
    const [answer] = await ask('/greeter/Greeter.Find', { body: '{"name":"Bob"}' });
    assert.equal(answer?.status, 404);
    const { code, message, executed, details } = JSON.parse(answer.body);
    assert.deepEqual([code, message, executed, details], ['NotFound', 'nobody is called Bob', 'yes', { name: 'Bob' }]);
  },
  'an error that no service means tells nothing': async (ask) => {
    const [answer] = await ask('/greeter/Greeter.Break');
    assert.equal(answer?.status, 500);
    assert.doesNotMatch(answer.body, /secret/);
  },
  'a request that is no JSON, or breaks a rule': async (ask) => {
    for (const body of ['{"name"', '{"name":1}', `{"name":"${'x'.repeat(101)}"}`]) {
      const [answer] = await ask('/greeter/Greeter.Hello', { body });
      assert.equal(answer?.status, 400);
      assert.equal(JSON.parse(answer.body).code, 'InvalidArgument');
    }
  },
  'another path, endpoint, method or type': async (ask) => {
    const hello = '/greeter/Greeter.Hello';
    const statuses: (number | undefined)[] = [];
    for (const [path, asking] of [
      ['/nowhere', {}],
      ['/greeter/Greeter.Nope', {}],
      [hello, { method: 'PUT' }],
      [hello, { head: ['content-type: image/png'] }],
    ] as const) {
      statuses.push((await ask(path, asking))[0]?.status);
    }
    assert.deepEqual(statuses, [404, 501, 405, 415]);
  },
  [reuse]: async (ask) => {
    const answers = await ask('/greeter/Greeter.Hello', { body: '{"name":"Ada"}', times: 10 });
    assert.deepEqual(
      answers.map(({ status }) => status),
      Array(10).fill(200),
    );
    assert.deepEqual(
      answers.map(({ connections }) => connections),
      [1, ...Array(9).fill(0)],
    );
  },
};
