import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Svcm } from '@nats-io/services';
import { connect, headers } from '@nats-io/transport-node';
import { runCases } from '../../harness/cases.mjs';

// Two nodes of the greeter are on the server whose address is the one argument.

const [, , servers] = process.argv;
const connection = await connect({ servers });
const client = new Svcm(connection).client({ strategy: 'stall', maxWait: 2_000, stall: 300 });
const manifest = new URL('node_modules/@nats-io/services/package.json', import.meta.url);
const { version } = JSON.parse(readFileSync(manifest, 'utf8'));

/** @param {Promise<AsyncIterable<any>>} asked */
async function all(asked) {
  const answers = [];
  for await (const answer of await asked) answers.push(answer);
  return answers;
}

const ask = (endpoint, body, fields) =>
  connection.request(`greeter.Greeter.${endpoint}`, body, { timeout: 5_000, ...(fields && { headers: fields }) });

const requestsOf = async () => {
  const stats = await all(client.stats('greeter'));
  return stats.map(({ endpoints }) => endpoints.find(({ name }) => name === 'Greeter-Hello').num_requests);
};

await runCases(version, {
  'PING finds both nodes': async () => {
    const answers = await all(client.ping());
    assert.equal(answers.length, 2);
    assert.equal(new Set(answers.map(({ id }) => id)).size, 2);
    for (const { type, name, version: served } of answers) {
      assert.deepEqual([type, name, served], ['io.nats.micro.v1.ping_response', 'greeter', '1.2.0']);
    }
  },
  'PING by name finds both, and nobody of another name': async () => {
    assert.equal((await all(client.ping('greeter'))).length, 2);
    await assert.rejects(all(client.ping('nobody')));
  },
  'PING by id finds the one': async () => {
    const [{ id }] = await all(client.ping('greeter'));
    assert.deepEqual(
      (await all(client.ping('greeter', id))).map((answer) => answer.id),
      [id],
    );
  },
  'INFO tells endpoints, subjects and schemas': async () => {
    const [info] = await all(client.info('greeter'));
    assert.equal(info.type, 'io.nats.micro.v1.info_response');
    assert.deepEqual(
      info.endpoints.map(({ name, subject, queue_group: queue }) => [name, subject, queue]),
      ['Hello', 'Echo', 'Headers', 'Count', 'Find', 'Break'].map((name) => [
        `Greeter-${name}`,
        `greeter.Greeter.${name}`,
        'q',
      ]),
    );
    const schema = JSON.parse(info.endpoints[0].metadata['request-schema']);
    assert.deepEqual(schema.properties.name, { type: 'string', maxLength: 100 });
  },
  'a call by the subject that INFO tells': async () => {
    const [info] = await all(client.info('greeter'));
    const answer = await connection.request(info.endpoints[0].subject, '{"name":"Zoë"}', { timeout: 5_000 });
    assert.deepEqual(answer.json(), { greeting: 'Hello Zoë' });
  },
  'headers there and back': async () => {
    const fields = headers();
    fields.set('X-Request-Id', 'r-1');
    const answer = await ask('Headers', '', fields);
    assert.deepEqual(answer.json(), { 'x-request-id': 'r-1' });
    assert.equal(answer.headers.get('x-request-id'), 'r-1');
  },
  'an error in the two headers of the protocol': async () => {
    const answer = await ask('Find', '{"name":"Bob"}');
    assert.equal(answer.headers.get('Nats-Service-Error-Code'), '404');
    assert.equal(answer.headers.get('Nats-Service-Error'), '[NotFound] nobody is called Bob');
  },
  'a request that breaks a rule is refused': async () => {
    const answer = await ask('Hello', '{"name":7}');
    assert.equal(answer.headers.get('Nats-Service-Error-Code'), '400');
  },
  'STATS counts calls and errors': async () => {
    const before = (await requestsOf()).reduce((sum, one) => sum + one, 0);
    for (let turn = 0; turn < 5; turn += 1) await ask('Hello', '{"name":"Ada"}');
    assert.equal(
      (await requestsOf()).reduce((sum, one) => sum + one, 0),
      before + 5,
    );
    const stats = await all(client.stats('greeter'));
    const errors = stats.flatMap(({ endpoints }) => endpoints.filter(({ name }) => name === 'Greeter-Find'));
    assert.equal(
      errors.reduce((sum, one) => sum + one.num_errors, 0),
      1,
    );
  },
  'a thousand calls are shared by both nodes': async () => {
    const before = await requestsOf();
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, turn) => ask('Hello', `{"name":"n${turn}"}`)));
    assert.deepEqual(
      answers.map((answer) => answer.json().greeting),
      answers.map((_, turn) => `Hello n${turn}`),
    );
    const total = (counts) => counts.reduce((sum, one) => sum + one, 0);
    const after = await requestsOf();
    assert.equal(total(after) - total(before), 1_000);
    assert.ok(Math.min(...after) > 100, `one of them served ${Math.min(...after)}`);
  },
});
await connection.close();
