import { describe, expect, it } from 'vitest';
import { type MessageSource, type MessageTaker, messageSource, NextPromises, nextMessage } from './message-source.js';

describe('a message source', () => {
  it('made of an iterator tells messages, the end and errors', async () => {
    async function* three(): AsyncGenerator<number> {
      yield 1;
      yield 2;
      throw new Error('no third');
    }
    const source = messageSource(three());
    const heard = [await told(source), await told(source), await told(source), await told(source)];
    expect(heard).toEqual([['message', 1], ['message', 2], ['failed', new Error('no third')], ['ended']]);
  });

  it('made of an iterator whose next throws tells that', async () => {
    const broken = {
      next: (): never => {
        throw new Error('at once');
      },
    };
    expect(await told(messageSource(broken))).toEqual(['failed', new Error('at once')]);
  });

  it('made of an iterator is left as the iterator is', async () => {
    let left = false;
    async function* endless(): AsyncGenerator<number> {
      try {
        for (;;) yield 0;
      } finally {
        left = true;
      }
    }
    const source = messageSource(endless());
    await told(source);
    await source.return?.();
    expect(left).toBe(true);
  });

  it('that is one already is taken as it is', () => {
    const source = new Manual();
    expect(messageSource(source)).toBe(source);
  });
});

describe('promises of next messages', () => {
  it('are kept in the order in which they were asked for, one at a time', async () => {
    const source = new Manual();
    const promises = new NextPromises(source);
    const asked = [promises.next(), promises.next(), promises.next()];
    expect(source.asked).toBe(1);
    source.taker?.message('first');
    expect(await asked[0]).toEqual({ value: 'first', done: false });
    expect(source.asked).toBe(2);
    source.taker?.message('second');
    expect(await asked[1]).toEqual({ value: 'second', done: false });
    source.taker?.ended();
    expect(await asked[2]).toEqual({ value: undefined, done: true });
  });

  it('go on behind one that is rejected', async () => {
    const source = new Manual();
    const promises = new NextPromises(source);
    const [first, second] = [promises.next(), promises.next()];
    source.taker?.failed(new Error('broken'));
    await expect(first).rejects.toThrow('broken');
    source.taker?.ended();
    expect(await second).toEqual({ value: undefined, done: true });
  });
});

class Manual implements MessageSource, AsyncIterator<unknown> {
  taker: MessageTaker | undefined;
  asked = 0;

  next(): Promise<IteratorResult<unknown>> {
    return new NextPromises(this).next();
  }

  [nextMessage](taker: MessageTaker): void {
    this.asked += 1;
    this.taker = taker;
  }
}

function told(source: MessageSource): Promise<readonly unknown[]> {
  return new Promise((resolve) => {
    source[nextMessage]({
      message: (value) => resolve(['message', value]),
      ended: () => resolve(['ended']),
      failed: (thrown) => resolve(['failed', thrown]),
    });
  });
}
