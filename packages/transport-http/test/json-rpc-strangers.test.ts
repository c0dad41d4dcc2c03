import { ServiceError } from '@tenon/contract';
import jayson from 'jayson';
import { JSONRPCClient, type JSONRPCErrorException, type JSONRPCResponse } from 'json-rpc-2.0';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serve, type TestServer } from './test-server.js';

let server: TestServer;

beforeEach(async () => {
  server = await serve({
    'Greeter.Fail': () => {
      throw new ServiceError('NotFound', 'no order 42', { details: { order: 42 }, executed: 'yes' });
    },
  });
});

afterEach(() => server[Symbol.asyncDispose]());

describe('json-rpc-2.0', () => {
  function newClient(): JSONRPCClient {
    const client: JSONRPCClient = new JSONRPCClient(async (request) => {
      const response = await fetch(`http://127.0.0.1:${server.number}/rpc`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(request),
      });
      if (response.status === 200) client.receive((await response.json()) as JSONRPCResponse);
      else expect(response.status).toBe(204);
    });
    return client;
  }

  test('calls, by name and by position', async () => {
    const client = newClient();
    expect(await client.request('Greeter.Hello', { name: 'Ada' })).toEqual({ msg: 'Hello Ada' });
    expect(await client.request('greeter/Greeter.Hello', [{ name: 'Ada' }])).toEqual({ msg: 'Hello Ada' });
  });

  test('notifies', async () => {
    newClient().notify('Greeter.Hello', { name: 'Ada' });
    await expect.poll(() => server.received.length).toBe(1);
  });

  test('sees errors with their code and data', async () => {
    const failing = newClient().request('Greeter.Fail', {});
    await expect(failing).rejects.toMatchObject({
      code: -32_005,
      message: 'no order 42',
      data: { code: 'NotFound', details: { order: 42 } },
    } satisfies Partial<JSONRPCErrorException>);
    await expect(newClient().request('Greeter.Nope', {})).rejects.toMatchObject({ code: -32_601 });
  });

  test('sends batches', async () => {
    const client = newClient();
    const request = (id: number, method: string) => ({ jsonrpc: '2.0', id, method, params: { name: 'Ada' } }) as const;
    const replies = await client.requestAdvanced([request(1, 'Greeter.Hello'), request(2, 'Greeter.Nope')]);
    expect(replies).toMatchObject([
      { id: 1, result: { msg: 'Hello Ada' } },
      { id: 2, error: { code: -32_601 } },
    ]);
  });
});

describe('jayson', () => {
  const newClient = (): jayson.HttpClient =>
    jayson.Client.http({ host: '127.0.0.1', port: server.number, path: '/rpc' });

  /** What it hands to its callback. */
  function answerTo(method: string, params: jayson.RequestParamsLike, id?: string | null): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const told = (failure: unknown, answer: unknown) => (failure ? reject(failure) : resolve(answer));
      if (id === undefined) newClient().request(method, params, told);
      else newClient().request(method, params, id as string, told);
    });
  }

  test('calls, by name and by position', async () => {
    expect(await answerTo('Greeter.Hello', { name: 'Ada' })).toMatchObject({ result: { msg: 'Hello Ada' } });
    expect(await answerTo('Greeter.Hello', [{ name: 'Ada' }], 'an-id')).toEqual({
      jsonrpc: '2.0',
      result: { msg: 'Hello Ada' },
      id: 'an-id',
    });
  });

  test('sees errors with their code and data', async () => {
    expect(await answerTo('Greeter.Fail', {})).toMatchObject({
      error: { code: -32_005, message: 'no order 42', data: { details: { order: 42 } } },
    });
    expect(await answerTo('Greeter.Nope', {})).toMatchObject({ error: { code: -32_601 } });
  });

  test('notifies, and gets nothing back', async () => {
    expect(await answerTo('Greeter.Hello', { name: 'Ada' }, null)).toBeUndefined();
    expect(server.received).toHaveLength(1);
  });

  test('sends batches', async () => {
    const client = newClient();
    const batch = [client.request('Greeter.Hello', { name: 'Ada' }), client.request('Greeter.Nope', {})];
    const answers = await new Promise((resolve, reject) => {
      client.request(batch, (failure: unknown, answer: unknown) => (failure ? reject(failure) : resolve(answer)));
    });
    expect(answers).toMatchObject([{ result: { msg: 'Hello Ada' } }, { error: { code: -32_601 } }]);
  });
});
