import type { Priority } from '@tenon/contract';
import { describe, expect, test } from 'vitest';
import { CallQueue, type Waiting } from './call-queue.js';
import type { Sender } from './sender-turns.js';

/** A connection of a host. */
const from = (host: string, port = 5_000, transport = 'tenon/1'): Sender => ({ address: `${host}:${port}`, transport });
const anybody = from('10.0.0.1');
const options = { maxCalls: 4, targetMs: 5, intervalMs: 100 };

function queueOf(...calls: readonly (readonly [string, Priority?])[]) {
  const queue = new CallQueue<string>(options);
  let now = 0;
  /** Time passes in small steps, as it does for a thread that is not held up. */
  const wait = (ms: number): void => {
    for (let left = ms; left > 0; left -= 1) {
      now += Math.min(1, left);
      queue.goOn(now);
    }
  };
  /** Nobody looks for so long. */
  const stall = (ms: number): void => {
    now += ms;
    queue.goOn(now);
  };
  const push = (name: string, priority: Priority = 'normal', sender = anybody): Waiting<string> =>
    queue.push(name, sender, priority, now);
  const waiting = calls.map(([name, priority]) => push(name, priority));
  return { queue, waiting, push, wait, stall };
}

/** Empties it. */
function inTurn(queue: CallQueue<string>, strict: boolean): readonly string[] {
  const names: string[] = [];
  for (let next = queue.next(strict); next !== undefined; next = queue.next(strict)) names.push(next.call);
  return names;
}

const nameOf = (waiting: Waiting<string> | undefined): string | undefined => waiting?.call;

describe('whose turn it is', () => {
  const calls = [['b1', 'bulk'], ['n1'], ['c1', 'critical'], ['n2'], ['c2', 'critical']] as const;

  test('is that of the more important, and among equals of whoever has waited longest', () => {
    expect(inTurn(queueOf(...calls).queue, false)).toEqual(['c1', 'c2', 'n1', 'n2', 'b1']);
  });

  test('goes from sender to sender, however many calls one of them has', () => {
    const { queue, push } = queueOf();
    const [loud, quiet, late] = [from('10.0.0.2'), from('10.0.0.3'), from('10.0.0.4')];
    const calls = ['l1', 'l2', 'l3', 'l4'].map((name) => push(name, 'normal', loud));
    for (const name of ['q1', 'q2']) push(name, 'normal', quiet);
    expect(queue.next(false)?.call).toBe('l1');
    push('x1', 'normal', late);
    queue.remove(calls[2] as Waiting<string>);
    expect(inTurn(queue, false)).toEqual(['q1', 'l2', 'x1', 'q2', 'l4']);
  });

  test.each([
    ['host', from('10.0.0.2'), from('10.0.0.3')],
    ['transport', from('10.0.0.2'), from('10.0.0.2', 5_000, 'http')],
    ['protocol', { ...from('10.0.0.2'), protocol: 'http/1.1' }, { ...from('10.0.0.2'), protocol: 'h2' }],
  ])('goes from %s to the next, however many connections one of them has', (_, many, one) => {
    const { queue, push } = queueOf();
    const { address } = many;
    for (const port of [1, 2, 3]) {
      const connection = { ...many, address: `${address.split(':')[0]}:${port}` };
      for (const time of ['a', 'b']) push(`m${port}${time}`, 'normal', connection);
    }
    for (const name of ['o1', 'o2', 'o3', 'o4', 'o5']) push(name, 'normal', one);
    expect(inTurn(queue, false)).toEqual(['m1a', 'o1', 'm2a', 'o2', 'm3a', 'o3', 'm1b', 'o4', 'm2b', 'o5', 'm3b']);
  });

  test('goes from one to the next also where addresses have no port', () => {
    const { queue, push } = queueOf();
    const [one, again, other] = ['node-1', 'node-1', 'node-2'].map((address) => ({ address, transport: 'memory' }));
    for (const name of ['a1', 'a2']) push(name, 'normal', one);
    push('a3', 'normal', again);
    for (const name of ['b1', 'b2']) push(name, 'normal', other);
    expect(inTurn(queue, false)).toEqual(['a1', 'b1', 'a3', 'b2', 'a2']);
  });

  test('is among equals that of the youngest, while the queue stands', () => {
    const { queue, wait } = queueOf(...calls);
    wait(101);
    expect(inTurn(queue, true)).toEqual(['c2', 'c1', 'n2', 'n1', 'b1']);
  });

  test('is among equals that of whoever has waited longest, while another priority stands alone', () => {
    const { queue, push, wait } = queueOf(['b1', 'bulk'], ['b2', 'bulk']);
    wait(101);
    push('c1', 'critical');
    push('c2', 'critical');
    expect(inTurn(queue, true)).toEqual(['c1', 'c2', 'b2', 'b1']);
  });

  test('is not that of one that was taken out, wherever it stood', () => {
    for (let index = 0; index < 3; index += 1) {
      const { queue, waiting } = queueOf(['1'], ['2'], ['3']);
      queue.remove(waiting[index] as Waiting<string>);
      queue.remove(waiting[index] as Waiting<string>);
      expect(queue.size).toBe(2);
      expect(inTurn(queue, false)).toEqual(['1', '2', '3'].filter((_name, other) => other !== index));
      expect(queue.size).toBe(0);
    }
  });
});

describe('a queue stands', () => {
  test('once it was not empty for the interval, and no more when everyone had a turn', () => {
    const { queue, push, wait } = queueOf(['1']);
    wait(90);
    push('2');
    wait(10);
    expect(queue.stands).toBe(false);
    wait(1);
    expect(queue.stands).toBe(true);
    inTurn(queue, false);
    expect(queue.stands).toBe(false);
    push('3');
    wait(100);
    expect(queue.stands).toBe(false);
    wait(1);
    expect(queue.stands).toBe(true);
  });

  test('still where it was emptied by turning calls away, unless it stays empty', () => {
    const { queue, push, wait } = queueOf(['1']);
    wait(150);
    expect(nameOf(queue.expired(true, 0))).toBe('1');
    wait(2);
    push('2');
    expect(queue.stands).toBe(true);
    wait(6);
    expect(nameOf(queue.expired(true, 0))).toBe('2');
    wait(41);
    push('3');
    expect(queue.stands).toBe(false);
  });

  test('not while it drains, where it will be empty soon', () => {
    const { queue, push, wait } = queueOf();
    for (let call = 0; call < 600; call += 1) push(`${call}`);
    const work = (ms: number, served: number, arrived: number): void => {
      for (let turn = 0; turn < ms; turn += 5) {
        for (let call = 0; call < served; call += 1) queue.next(true);
        for (let call = 0; call < arrived; call += 1) push('late');
        wait(5);
      }
    };
    work(250, 6, 0);
    expect([queue.size, queue.stands, queue.expired(true, 0), queue.expired(false, 0)]).toEqual([
      300,
      false,
      undefined,
      undefined,
    ]);
    // So slowly that it would take three seconds.
    work(50, 20, 19);
    expect([queue.stands, nameOf(queue.expired(true, 0))]).toEqual([true, '400']);
    work(50, 3, 6);
    expect(queue.stands).toBe(true);
  });

  test('still where more come than have their turn, and turning calls away has just emptied it', () => {
    const { queue, push, wait } = queueOf(['1']);
    wait(140);
    for (let call = 0; call < 3; call += 1) push('more');
    // The window ends with nobody in line.
    wait(9);
    while (queue.expired(true, 0) !== undefined);
    expect(queue.size).toBe(0);
    wait(2);
    push('next');
    expect(queue.stands).toBe(true);
  });

  test('not because its thread was held up', () => {
    const { queue, stall } = queueOf(['1']);
    stall(10_000);
    expect([queue.stands, queue.expired(true, 0), queue.expired(false, 0)]).toEqual([false, undefined, undefined]);
    for (let count = 0; count < 40; count += 1) stall(10_000);
    expect([queue.stands, nameOf(queue.expired(true, 0))]).toEqual([true, '1']);
  });
});

describe('who has waited for too long', () => {
  test('has waited for the interval, and while the queue stands for the target', () => {
    const { queue, push, wait } = queueOf(['1']);
    wait(50);
    push('2');
    wait(50);
    expect(queue.expired(false, 0)).toBe(undefined);
    wait(1);
    expect([nameOf(queue.expired(false, 0)), queue.expired(false, 0)]).toEqual(['1', undefined]);
    expect(nameOf(queue.expired(true, 0))).toBe('2');
    push('3');
    wait(5);
    expect(queue.expired(true, 0)).toBe(undefined);
    wait(1);
    expect(nameOf(queue.expired(true, 0))).toBe('3');
  });

  test('is turned away in the order of least importance', () => {
    const { queue, wait } = queueOf(['c', 'critical'], ['n'], ['b', 'bulk']);
    wait(101);
    expect([0, 1, 2].map(() => nameOf(queue.expired(true, 0)))).toEqual(['b', 'n', 'c']);
  });

  test('has waited for the interval, while a less important line stands alone', () => {
    const { queue, push, wait } = queueOf(['b1', 'bulk']);
    wait(101);
    push('c', 'critical');
    push('b2', 'bulk');
    wait(6);
    expect([0, 1, 2].map(() => nameOf(queue.expired(true, 0)))).toEqual(['b1', 'b2', undefined]);
    wait(95);
    expect(nameOf(queue.expired(true, 0))).toBe('c');
  });
});

describe('in a full queue', () => {
  const calls = [['n1'], ['b1', 'bulk'], ['b2', 'bulk'], ['c1', 'critical']] as const;

  test('the youngest of the least important makes room for a more important call, and no call for its equal', () => {
    const { queue } = queueOf(...calls);
    expect([queue.full, nameOf(queue.displaced('normal', false)), queue.full]).toEqual([true, 'b2', false]);
    expect(queue.displaced('bulk', false)).toBe(undefined);
    expect(['critical', 'critical'].map((by) => nameOf(queue.displaced(by as Priority, false)))).toEqual(['b1', 'n1']);
    expect(queue.displaced('critical', false)).toBe(undefined);
  });

  test('that stands the oldest makes room, also for its equal, and never for a less important call', () => {
    const { queue, wait } = queueOf(...calls);
    wait(101);
    expect(nameOf(queue.displaced('bulk', true))).toBe('b1');
    expect(nameOf(queue.displaced('normal', true))).toBe('b2');
    expect(queue.displaced('bulk', true)).toBe(undefined);
    expect(nameOf(queue.displaced('normal', true))).toBe('n1');
    expect(queue.displaced('normal', true)).toBe(undefined);
  });
});
