import assert from 'node:assert/strict';
import type { Stranger } from '../harness/stranger.js';
import { Arithmetic } from '../tenon/arithmetic.js';
import { served } from '../tenon/served.js';

/**
 * The examples of JSON-RPC's specification (https://www.jsonrpc.org/specification#examples), each by its heading there. The names of
 * methods alone are others: ours have their class in front.
 */
export const jsonRpcExamples: Stranger = {
  direction: 'calls us',
  async meet(meeting) {
    meeting.version = '2.0';
    await using ours = await served({ services: [Arithmetic] });
    for (const { name, sent, answers } of examples) {
      await meeting.case(name, async () => {
        const headers = { 'content-type': 'application/json' };
        const response = await fetch(`http://127.0.0.1:${ours.port}/rpc`, { method: 'POST', body: sent, headers });
        const text = await response.text();
        if (answers === undefined) return assert.deepEqual([response.status, text], [204, '']);
        assert.deepEqual(essence(JSON.parse(text)), answers);
      });
    }
  },
};

interface Example {
  readonly name: string;
  readonly sent: string;
  /** Errors as their code; texts may be longer than in the specification. Undefined: no answer. */
  readonly answers: unknown;
}

const result = (value: unknown, id: unknown) => ({ jsonrpc: '2.0', result: value, id });
const error = (code: number, message: string, id: unknown) => ({ jsonrpc: '2.0', error: { code, message }, id });
const [parse, invalid, unknown] = ['Parse error', 'Invalid Request', 'Method not found'];

const examples: readonly Example[] = [
  {
    name: 'positional parameters',
    sent: '{"jsonrpc": "2.0", "method": "Arithmetic.Subtract", "params": [42, 23], "id": 1}',
    answers: result(19, 1),
  },
  {
    name: 'positional parameters, the other way round',
    sent: '{"jsonrpc": "2.0", "method": "Arithmetic.Subtract", "params": [23, 42], "id": 2}',
    answers: result(-19, 2),
  },
  {
    name: 'named parameters',
    sent: '{"jsonrpc": "2.0", "method": "Arithmetic.Subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    answers: result(19, 3),
  },
  {
    name: 'named parameters in another order',
    sent: '{"jsonrpc": "2.0", "method": "Arithmetic.Subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    answers: result(19, 4),
  },
  {
    name: 'a notification',
    sent: '{"jsonrpc": "2.0", "method": "Arithmetic.Update", "params": [1, 2, 3, 4, 5]}',
    answers: undefined,
  },
  {
    name: 'a notification of a method that is not there',
    sent: '{"jsonrpc": "2.0", "method": "foobar"}',
    answers: undefined,
  },
  {
    name: 'a call of a method that is not there',
    sent: '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    answers: error(-32601, unknown, '1'),
  },
  {
    name: 'a call with invalid JSON',
    sent: '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    answers: error(-32700, parse, null),
  },
  {
    name: 'a call that is no request',
    sent: '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    answers: error(-32600, invalid, null),
  },
  {
    name: 'a batch with invalid JSON',
    sent: '[{"jsonrpc": "2.0", "method": "Arithmetic.Sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
    answers: error(-32700, parse, null),
  },
  { name: 'an empty batch', sent: '[]', answers: error(-32600, invalid, null) },
  { name: 'a batch of one that is no request', sent: '[1]', answers: [error(-32600, invalid, null)] },
  {
    name: 'a batch of three that are no requests',
    sent: '[1,2,3]',
    answers: Array(3).fill(error(-32600, invalid, null)),
  },
  {
    name: 'a batch of everything',
    sent: `[
      {"jsonrpc": "2.0", "method": "Arithmetic.Sum", "params": [1,2,4], "id": "1"},
      {"jsonrpc": "2.0", "method": "Arithmetic.Update", "params": [7]},
      {"jsonrpc": "2.0", "method": "Arithmetic.Subtract", "params": [42,23], "id": "2"},
      {"foo": "boo"},
      {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
      {"jsonrpc": "2.0", "method": "Arithmetic.GetData", "id": "9"}
    ]`,
    answers: [
      result(7, '1'),
      result(19, '2'),
      error(-32600, invalid, null),
      error(-32601, unknown, '5'),
      result(['hello', 5], '9'),
    ],
  },
  {
    name: 'a batch of notifications',
    sent: `[
      {"jsonrpc": "2.0", "method": "Arithmetic.Sum", "params": [1,2,4]},
      {"jsonrpc": "2.0", "method": "Arithmetic.Update", "params": [7]}
    ]`,
    answers: undefined,
  },
];

interface Answer {
  readonly error?: { readonly code: number; readonly message: string };
}

/** Of an error the code, and of its text the part that the specification has. */
function essence(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(essence);
  const { error: failure, ...rest } = answer as Answer;
  if (failure === undefined) return rest;
  const known = [parse, invalid, unknown].find((text) => failure.message.startsWith(text));
  return { ...rest, error: { code: failure.code, message: known ?? failure.message } };
}
