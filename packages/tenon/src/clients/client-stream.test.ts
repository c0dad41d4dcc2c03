import { noMetadata, type Reply } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { ClientStream } from './client-stream.js';

describe('a stream that a client calls for', () => {
  it('is called for at the first message, once, however many are asked for meanwhile', async () => {
    let calls = 0;
    const stream = new ClientStream(async () => {
      calls += 1;
      return replyOf(1, 2);
    });
    expect(calls).toBe(0);
    const asked = [stream.next(), stream.next(), stream.next()];
    expect(await Promise.all(asked)).toEqual([
      { done: false, value: 1 },
      { done: false, value: 2 },
      { done: true, value: undefined },
    ]);
    expect(calls).toBe(1);
  });

  it('rejects where the call throws at once, and again when it is asked again', async () => {
    const stream = new ClientStream(() => {
      throw new Error('no client');
    });
    await expect(stream.next()).rejects.toThrow('no client');
    await expect(stream.next()).rejects.toThrow('no client');
  });

  it('that is left before its first message makes no call', async () => {
    const stream = new ClientStream(() => Promise.reject(new Error('called')));
    expect(await stream.return()).toEqual({ done: true, value: undefined });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
  });
});

function replyOf(...values: readonly number[]): Reply {
  async function* messages(): AsyncGenerator<number> {
    yield* values;
  }
  return { value: undefined, messages: messages(), metadata: noMetadata };
}
