import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import jayson from 'jayson/promise/index.js';
import { runCases } from '../../harness/cases.mjs';

// The greeter is at the port that is the one argument.

const client = jayson.Client.http({ host: '127.0.0.1', port: process.argv[2], path: '/rpc' });
const manifest = new URL('node_modules/jayson/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));

await runCases(version, {
  'a call with named parameters': async () => {
    const { result, error } = await client.request('Greeter.Hello', { name: 'Zoë' });
    assert.equal(error, undefined);
    assert.deepEqual(result, { greeting: 'Hello Zoë' });
  },
  'a call with one parameter by position': async () => {
    const { result } = await client.request('greeter/Greeter.Hello', [{ name: 'Ada' }]);
    assert.deepEqual(result, { greeting: 'Hello Ada' });
  },
  'a call without parameters, with an id of its own': async () => {
    const { result, id } = await client.request('Greeter.Headers', {}, 'mine');
    assert.deepEqual([result, id], [{}, 'mine']);
  },
  'a notification has no answer': async () => {
    assert.equal(await client.request('Greeter.Hello', { name: 'Ada' }, null), undefined);
  },
  'a batch is answered whole': async () => {
    const names = ['Ada', 'Bob', 'Zoë'];
    const answers = await client.request(
      names.map((name) => client.request('Greeter.Hello', { name }, undefined, false)),
    );
    assert.deepEqual(
      answers.map(({ result }) => result.greeting),
      names.map((name) => `Hello ${name}`),
    );
  },
  'errors have the codes of the specification': async () => {
    const codeOf = async (method, params) => (await client.request(method, params)).error.code;
    assert.equal(await codeOf('Greeter.Nope', {}), -32601);
    assert.equal(await codeOf('Greeter.Hello', { name: 7 }), -32602);
    assert.equal(await codeOf('Greeter.Break', {}), -32603);
    assert.equal(await codeOf('Greeter.Find', { name: 'Bob' }), -32005);
  },
  'an error has its record as data': async () => {
    const { error } = await client.request('Greeter.Find', { name: 'Bob' });
    const { code, message, executed, details } = error.data;
    assert.deepEqual([code, message, executed, details], ['NotFound', 'nobody is called Bob', 'yes', { name: 'Bob' }]);
  },
  'a hundred calls at once': async () => {
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, turn) => client.request('Greeter.Hello', { name: `n${turn}` })),
    );
    assert.deepEqual(
      answers.map(({ result }) => result.greeting),
      answers.map((_, turn) => `Hello n${turn}`),
    );
  },
});
