import { type Connection, noMetadata, type ServiceError } from '@tenon/contract';
import { FakeClock } from '@tenon/testing/fake-clock';
import { RecordingMeter } from '@tenon/testing/recording-meter';
import { describe, expect, test } from 'vitest';
import { RecordingLogger } from '../../test/recording-logger.js';
import { telemetryOf } from '../telemetry/index.js';
import { type PendingAttempt, SignsOfLife } from './signs-of-life.js';
import { resolveSilenceOptions } from './silence-options.js';

const node = { id: 'n1', address: 'n1:1', metadata: noMetadata };

/** A connection to one node, which answers probes as the test says. */
function setUp() {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const meter = new RecordingMeter();
  const asked: number[] = [];
  const peer = { isAlive: true, takesMs: 0, ended: false };
  const connection = {
    get ended() {
      return peer.ended;
    },
    probe: (timeoutMs: number) => {
      asked.push(clock.now());
      return new Promise<boolean>((resolve) => {
        clock.after(peer.isAlive ? peer.takesMs : timeoutMs, () => resolve(peer.isAlive));
      });
    },
  } as unknown as Connection;
  const options = resolveSilenceOptions();
  if (options === undefined) throw new Error('nobody asks');
  const signs = new SignsOfLife(options, clock, telemetryOf(meter), logger);
  const pulse = signs.of(connection, node, 'greeter');
  if (pulse === undefined) throw new Error('it has no pulse');
  return { clock, logger, meter, asked, peer, signs, pulse };
}

class Pending implements PendingAttempt {
  place = -1;
  readonly givenUp: ServiceError[] = [];

  giveUp(error: ServiceError): void {
    this.givenUp.push(error);
  }
}

describe('a connection', () => {
  test('whose wire has no signs of life has no pulse', () => {
    expect(setUp().signs.of({} as Connection, node, 'greeter')).toBeUndefined();
  });

  test('is asked where a call was not answered for 300 ms, and again while it says nothing else', async () => {
    const { clock, asked, pulse } = setUp();
    pulse.sent(new Pending(), clock.now());
    await clock.advance(299);
    expect(asked).toEqual([]);
    await clock.advance(1);
    expect(asked).toEqual([300]);
    await clock.advance(300);
    expect(asked).toEqual([300, 600]);
    expect(pulse.silent).toBe(false);
  });

  test('is not asked while calls are answered, however long one of them takes', async () => {
    const { clock, asked, pulse } = setUp();
    pulse.sent(new Pending(), clock.now());
    for (let answer = 0; answer < 20; answer += 1) {
      await clock.advance(100);
      pulse.sign(clock.now());
    }
    expect(asked).toEqual([]);
  });

  test('is not asked while no call is under way, and no timer runs then', async () => {
    const { clock, asked, pulse } = setUp();
    const attempt = new Pending();
    pulse.sent(attempt, clock.now());
    expect(clock.pending).toBe(1);
    pulse.left(attempt);
    await clock.advance(5_000);
    expect([asked, clock.pending]).toEqual([[], 0]);
    // The quiet before says nothing about the peer.
    pulse.sent(attempt, clock.now());
    await clock.advance(200);
    expect(asked).toEqual([]);
  });

  test('has one timer together with all the others', async () => {
    const { clock, pulse, signs } = setUp();
    const other = signs.of({ probe: async () => true } as unknown as Connection, node, 'greeter');
    for (let call = 0; call < 5; call += 1) for (const one of [pulse, other]) one?.sent(new Pending(), clock.now());
    expect(clock.pending).toBe(1);
    signs.close();
    expect(clock.pending).toBe(0);
  });
});

describe('a node that gives no sign of life', () => {
  function silenced() {
    const all = setUp();
    all.peer.isAlive = false;
    const attempt = new Pending();
    all.pulse.sent(attempt, all.clock.now());
    return { ...all, attempt };
  }

  test('is silent after 600 ms: said and counted once, and what waits on it may be given up', async () => {
    const { attempt, clock, logger, meter, pulse } = silenced();
    await clock.advance(599);
    expect(pulse.silent).toBe(false);
    await clock.advance(1);
    expect(pulse.silent).toBe(true);
    expect(attempt.givenUp).toMatchObject([
      {
        code: 'Unavailable',
        executed: 'maybe',
        answered: false,
        node: 'n1',
        rawMessage: 'node "n1" at n1:1 gives no sign of life',
      },
    ]);
    await clock.advance(5_000);
    expect(meter.total('tenon.client.silent_nodes', { service: 'greeter', node: 'n1' })).toBe(1);
    expect(logger.complaints).toMatchObject([{ level: 'warn', fields: { node: 'n1', pending: 1 } }]);
    expect(attempt.givenUp).toHaveLength(1);
  });

  test('is asked on, also with no call under way, and counts as alive with its first answer', async () => {
    const { attempt, clock, logger, peer, pulse } = silenced();
    await clock.advance(600);
    pulse.left(attempt);
    peer.isAlive = true;
    await clock.advance(400);
    expect(pulse.silent).toBe(false);
    expect(logger.lines.at(-1)).toMatchObject({ level: 'info', message: 'a node that was silent answers again' });
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });

  test('counts as alive with the late answer to a call too', async () => {
    const { clock, pulse } = silenced();
    await clock.advance(600);
    pulse.sign(clock.now());
    expect(pulse.silent).toBe(false);
  });

  test('is not silent where a call is answered while it is asked', async () => {
    const { clock, meter, pulse } = silenced();
    await clock.advance(400);
    pulse.sign(clock.now());
    await clock.advance(200);
    expect([pulse.silent, meter.total('tenon.client.silent_nodes')]).toEqual([false, 0]);
  });

  test('is nobody to ask any more once its connection has ended', async () => {
    const { attempt, asked, clock, peer, pulse } = silenced();
    await clock.advance(600);
    pulse.left(attempt);
    peer.ended = true;
    const before = asked.length;
    await clock.advance(2_000);
    expect([asked.length - before <= 1, clock.pending]).toEqual([true, 0]);
  });
});
