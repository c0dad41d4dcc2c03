import { rejectsWith } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import { type DialLimits, type LinkedSession, ServerLink } from '@tenon/contract/authoring';
import { FakeClock } from '@tenon/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { LogLines } from './log-lines.js';
import { settled } from './settled.js';

describe('the link', () => {
  it('connects by start, and says so once', async () => {
    const { link, log, changes } = linkTo({ a: 'answers' });
    await link.start(never);
    await link.start(never);
    expect(changes).toEqual(['up']);
    expect(log.lines.map(({ message }) => message)).toEqual(['NATS connected']);
    expect(link.session).toBeDefined();
  });

  it('rejects a start that no server answers, leaves nothing running, and may be started again', async () => {
    const { link, servers, clock, log, changes } = linkTo({ a: 'refuses', b: 'refuses' });
    const failure = await rejectsWith(() => link.start(never), 'Unavailable');
    expect(failure.executed).toBe('no');
    expect([clock.pending, changes, log.lines, link.isStarted]).toEqual([0, [], [], false]);
    servers['b'] = 'answers';
    await link.start(never);
    expect(changes).toEqual(['up']);
  });

  it('gives each server its share of the time, so that one that is silent does not use it up', async () => {
    const { link, clock, dials } = linkTo({ a: 'is silent', b: 'is silent', c: 'is silent' });
    const starting = rejectsWith(() => link.start(never), 'Unavailable');
    await clock.advance(1_500);
    await starting;
    expect(dials.map(({ timeoutMs }) => timeoutMs)).toEqual([500, 500, 500]);
    expect(dials.map(({ server }) => server).sort()).toEqual(['a', 'b', 'c']);
  });

  it('gives up a start on abort, and one at a time', async () => {
    const { link, changes } = linkTo({ a: 'is silent' });
    const aborting = new AbortController();
    const starting = rejectsWith(() => link.start(aborting.signal), 'Canceled');
    await rejectsWith(() => link.start(never), 'FailedPrecondition');
    aborting.abort();
    await starting;
    expect(changes).toEqual([]);
  });

  it('closes a session that comes up in the moment of closing', async () => {
    const { link, sessions, changes } = linkTo({ a: 'answers' });
    const starting = rejectsWith(() => link.start(never), 'Canceled');
    await link.close();
    await starting;
    expect([sessions.every(({ isClosed }) => isClosed), changes]).toEqual([true, []]);
  });

  it('connects again for ever, saying that it is lost, that it is back, and once a minute that it is not', async () => {
    const { link, servers, sessions, clock, log, changes, dials } = linkTo({ a: 'answers' });
    await link.start(never);
    await clock.advance(5_000);
    servers['a'] = 'refuses';
    sessions[0]?.lose();
    await clock.advance(10 * 60_000);
    expect(dials.length).toBeGreaterThan(500);
    expect(log.at('warn', 'connection lost')).toHaveLength(1);
    expect(log.at('warn', 'still away').length).toBeGreaterThanOrEqual(8);
    expect(log.at('warn', 'still away').length).toBeLessThanOrEqual(10);
    servers['a'] = 'answers';
    await clock.advance(1_000);
    expect(log.at('info', 'is back')).toHaveLength(1);
    expect(changes).toEqual(['up', 'down', 'up again']);
  });

  it('waits longer and longer for a server that lets it in and throws it out', async () => {
    const { link, sessions, clock, dials } = linkTo({ a: 'answers' }, 0);
    await link.start(never);
    for (let round = 0; round < 20; round++) {
      sessions.at(-1)?.lose();
      await clock.advance(100);
    }
    const flapping = dials.length;
    expect(flapping).toBeLessThan(8);
    await clock.advance(60_000);
    sessions.at(-1)?.lose();
    await clock.advance(100);
    expect(dials.length).toBe(flapping + 2);
  });

  it('tells who waits for a connection, and stops telling on abort', async () => {
    const { link, sessions, clock } = linkTo({ a: 'answers' });
    await link.start(never);
    expect(await link.connected(undefined)).toBe(link.session);
    sessions[0]?.lose();
    await settled();
    const aborting = new AbortController();
    const aborted = rejectsWith(() => link.connected(aborting.signal), 'Canceled');
    const waiting = link.connected(undefined);
    aborting.abort();
    await aborted;
    await clock.advance(1_000);
    expect(await waiting).toBe(link.session);
  });

  it('gives the next session within a time, and says so where that is over', async () => {
    const { link, servers, sessions, clock } = linkTo({ a: 'answers' });
    await link.start(never);
    servers['a'] = 'refuses';
    sessions[0]?.lose();
    await settled();
    const late = rejectsWith(() => link.connectedWithin(50, undefined), 'Unavailable');
    await clock.advance(50);
    await late;
    const next = link.connectedWithin(Number.POSITIVE_INFINITY, undefined);
    servers['a'] = 'answers';
    await clock.advance(1_000);
    expect(await next).toBe(link.session);
    await link.close();
    await rejectsWith(() => link.connectedWithin(50, undefined), 'Canceled');
    expect(clock.pending).toBe(0);
  });

  it('keeps no timer, no session and no attempt after close, whenever that comes', async () => {
    const connected = linkTo({ a: 'answers' });
    await connected.link.start(never);
    await connected.link.close();
    expect([connected.sessions[0]?.isClosed, connected.clock.pending, connected.changes]).toEqual([true, 0, ['up']]);

    const pausing = linkTo({ a: 'answers' });
    await pausing.link.start(never);
    pausing.sessions[0]?.lose();
    await settled();
    await pausing.link.close();
    expect([pausing.clock.pending, pausing.dials.length]).toEqual([0, 1]);

    const dialling = linkTo({ a: 'answers' });
    await dialling.link.start(never);
    dialling.servers['a'] = 'is silent';
    dialling.sessions[0]?.lose();
    await dialling.clock.advance(200);
    expect(dialling.dials).toHaveLength(2);
    await dialling.link.close();
    expect(dialling.clock.pending).toBe(0);
  });
});

type Behaviour = 'answers' | 'refuses' | 'is silent';

interface FakeSession extends LinkedSession {
  readonly isClosed: boolean;
  lose(): void;
}

/** A link to servers that behave as the record says, at the time of the dial. */
function linkTo(servers: Record<string, Behaviour>, jitter = 1) {
  const clock = new FakeClock();
  const log = new LogLines();
  const changes: string[] = [];
  const sessions: FakeSession[] = [];
  const dials: { readonly server: string; readonly timeoutMs: number }[] = [];
  const dial = async (server: string, { timeoutMs, signal }: DialLimits): Promise<LinkedSession> => {
    dials.push({ server, timeoutMs });
    if (servers[server] === 'is silent') await silence(clock, timeoutMs, signal);
    if (servers[server] !== 'answers') throw new ServiceError('Unavailable', `${server} refused`, { executed: 'no' });
    const session = sessionOf(server);
    sessions.push(session);
    return session;
  };
  const listener = {
    up: (_: LinkedSession, isAgain: boolean) => void changes.push(isAgain ? 'up again' : 'up'),
    down: () => void changes.push('down'),
  };
  const reconnect = { baseMs: 100, factor: 2, maxMs: 1_000, jitter };
  const settings = { servers: Object.keys(servers), connectTimeoutMs: 1_500, reconnect };
  return {
    link: new ServerLink({ name: 'NATS', settings, dial, listener, logger: log, clock }),
    servers,
    sessions,
    clock,
    log,
    changes,
    dials,
  };
}

function sessionOf(server: string): FakeSession {
  let end = (): void => {};
  let isClosed = false;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    server,
    ended,
    lose: end,
    get isClosed() {
      return isClosed;
    },
    async close() {
      isClosed = true;
      end();
    },
  };
}

function silence(clock: FakeClock, timeoutMs: number, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const cancel = clock.after(timeoutMs, () => reject(new ServiceError('Unavailable', 'no answer')));
    signal.addEventListener('abort', () => {
      cancel();
      reject(new ServiceError('Canceled', 'aborted'));
    });
  });
}

const never = new AbortController().signal;
