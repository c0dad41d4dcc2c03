import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createJSONRPCErrorResponse, createJSONRPCRequest, JSONRPCClient, JSONRPCErrorException } from 'json-rpc-2.0';
import { runCases } from '../../harness/cases.mjs';

// The greeter is at the port that is the one argument.

const manifest = new URL('node_modules/json-rpc-2.0/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));

/** What the library leaves to its user: how requests travel. Rejects where an answer is no JSON, or none came to a call. */
const client = new JSONRPCClient(async (request) => {
  const response = await fetch(`http://127.0.0.1:${process.argv[2]}/rpc`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  });
  if (response.status === 200) client.receive(await response.json());
  else if (response.status !== 204) throw new Error(`HTTP status ${response.status}`);
});

/** @param {Promise<unknown>} call */
const failureOf = (call) =>
  call.then(
    () => assert.fail('it succeeded'),
    (error) => error,
  );

await runCases(version, {
  'a call with named parameters': async () => {
    assert.deepEqual(await client.request('Greeter.Hello', { name: 'Zoë' }), { greeting: 'Hello Zoë' });
  },
  'a call with one parameter by position': async () => {
    assert.deepEqual(await client.request('Greeter.Hello', [{ name: 'Ada' }]), { greeting: 'Hello Ada' });
  },
  'a notification has no answer': async () => {
    assert.equal(await client.notify('Greeter.Hello', { name: 'Ada' }), undefined);
  },
  'a batch is answered whole, errors too': async () => {
    const answers = await client.requestAdvanced([
      createJSONRPCRequest(1, 'Greeter.Hello', { name: 'Ada' }),
      createJSONRPCRequest('two', 'Greeter.Nope', {}),
      createJSONRPCRequest(3, 'Greeter.Hello', { name: 'Bob' }),
    ]);
    assert.deepEqual(
      answers.map(({ id, result, error }) => [id, result?.greeting ?? error.code]),
      [
        [1, 'Hello Ada'],
        ['two', -32601],
        [3, 'Hello Bob'],
      ],
    );
  },
  'errors are exceptions with code, text and data': async () => {
    const error = await failureOf(client.request('Greeter.Find', { name: 'Bob' }));
    assert.ok(error instanceof JSONRPCErrorException);
    assert.equal(error.code, -32005);
    assert.match(error.message, /nobody is called Bob/);
    assert.equal(error.data.code, 'NotFound');
  },
  'errors have the codes of the specification': async () => {
    const codes = [];
    for (const [method, params] of [
      ['Greeter.Nope', {}],
      ['Greeter.Hello', { name: 7 }],
      ['Greeter.Break', {}],
    ]) {
      codes.push((await failureOf(client.request(method, params))).code);
    }
    assert.deepEqual(codes, [-32601, -32602, -32603]);
  },
  'what it makes of an error of its own is what we make of one': async () => {
    const own = createJSONRPCErrorResponse(null, -32601, 'Method not found');
    const answer = await client.requestAdvanced(createJSONRPCRequest(9, 'Greeter.Nope', {}));
    assert.deepEqual(Object.keys(answer).sort(), Object.keys(own).sort());
  },
  'a hundred calls at once': async () => {
    const names = Array.from({ length: 100 }, (_, turn) => `n${turn}`);
    const answers = await Promise.all(names.map((name) => client.request('Greeter.Hello', { name })));
    assert.deepEqual(
      answers.map(({ greeting }) => greeting),
      names.map((name) => `Hello ${name}`),
    );
  },
});
