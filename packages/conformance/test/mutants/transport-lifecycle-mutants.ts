import type { TransportFixture } from '@tenon/conformance';
import { type Connection, ServiceError } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import { failing, handling, mutant, unfelt } from './transport-halves.js';

const drain = 'a draining listener finishes what runs and refuses what is new';
const cutShort = 'a drain that is cut short cancels what still runs';
const idle = 'draining an idle listener resolves at once, also with an aborted signal';
const listenerClose = 'closing the listener ends the calls under way on both sides, and later calls are refused';
const connectionDrain = 'a draining connection finishes what runs, refuses what is new, and is closed then';
const connectionClose = 'closing the connection ends the calls under way on both sides, and later calls are refused';

/** Transports that do not end as they must. */
export const transportLifecycleMutants: readonly Mutant<TransportFixture>[] = [
  mutant(drain, 'drain closes', () => ({ listener: (good) => ({ drain: () => good.close() }) })),
  mutant(drain, 'drain does not wait', () => ({
    listener: (good) => ({ drain: async (signal) => void good.drain(signal) }),
  })),
  mutant(drain, 'drain refuses nothing', () => ({ listener: () => ({ drain: () => new Promise<void>(() => {}) }) })),
  mutant(drain, 'what is refused was perhaps executed', () => failing((error) => error.with({ executed: 'maybe' }))),
  mutant(cutShort, 'the signal is not looked at', () => ({
    listener: (good) => ({ drain: () => good.drain(new AbortController().signal) }),
  })),
  mutant(cutShort, 'the handler is not told', () => ({ handler: unfelt })),
  mutant(cutShort, 'what was cut short was certainly not executed', () =>
    failing((error) => error.with({ executed: 'no' })),
  ),
  mutant('a drain whose signal is aborted already cancels what runs at once', 'only the event counts', () => ({
    listener: (good) => ({
      drain: (signal) => good.drain(signal.aborted ? new AbortController().signal : signal),
    }),
  })),
  mutant(idle, 'drain waits for a call', () => {
    let called = () => {};
    const call = new Promise<void>((resolve) => {
      called = resolve;
    });
    let calls = 0;
    return {
      handler: (good) =>
        handling(good, (incomingCall) => {
          calls += 1;
          if (calls > 1) called();
          return good.handle(incomingCall);
        }),
      listener: (good) => ({
        drain: async (signal) => {
          await call;
          await good.drain(signal);
        },
      }),
    };
  }),
  mutant(idle, 'an aborted drain rejects', () => ({
    listener: (good) => ({
      drain: async (signal) => {
        signal.throwIfAborted();
        await good.drain(signal);
      },
    }),
  })),
  mutant(listenerClose, 'close waits for the calls under way', () => ({
    listener: (good) => ({ close: () => good.drain(new AbortController().signal) }),
  })),
  mutant(listenerClose, 'the handler is not told', () => ({ handler: unfelt })),
  mutant(listenerClose, 'closing twice rejects', () => {
    let closes = 0;
    return {
      listener: (good) => ({
        close: async () => {
          closes += 1;
          await good.close();
          if (closes > 1) throw new ServiceError('FailedPrecondition', 'closed already', { executed: 'no' });
        },
      }),
    };
  }),
  mutant(connectionDrain, 'drain closes', () => ({ connection: (good) => ({ drain: () => good.close() }) })),
  mutant(connectionDrain, 'drain does not wait', () => ({
    connection: (good) => ({ drain: async () => void good.drain() }),
  })),
  mutant(connectionDrain, 'drain takes new calls', () => {
    const calls: Promise<unknown>[] = [];
    return {
      connection: (good) => ({
        unary: (call) => {
          const reply = good.unary(call);
          calls.push(reply);
          return reply;
        },
        drain: async () => {
          await Promise.allSettled(calls);
          await good.drain();
        },
      }),
    };
  }),
  mutant(connectionDrain, 'a drained connection stays open', () => {
    let draining = false;
    return {
      connection: (good) => ({
        unary: async (call) => {
          if (draining) throw new ServiceError('Unavailable', 'draining', { executed: 'no' });
          return good.unary(call);
        },
        drain: async () => {
          draining = true;
          await good.drain();
        },
      }),
    };
  }),
  mutant(connectionClose, 'close waits for the calls under way', () => ({
    connection: (good) => ({ close: () => good.drain() }),
  })),
  mutant(connectionClose, 'the handler is not told', () => ({ handler: unfelt })),
  mutant(connectionClose, 'later calls are Unavailable', () =>
    failing((error) =>
      error.code === 'FailedPrecondition' ? new ServiceError('Unavailable', 'closed', { executed: 'no' }) : error,
    ),
  ),
  mutant(connectionClose, 'closing twice rejects', () => {
    let closes = 0;
    return {
      connection: (good) => ({
        close: async () => {
          closes += 1;
          await good.close();
          if (closes > 1) throw new ServiceError('FailedPrecondition', 'closed already', { executed: 'no' });
        },
      }),
    };
  }),
  mutant('connections to one node do not depend on each other', 'closing one closes all', () => {
    const all: Connection[] = [];
    return {
      connection: (good) => {
        all.push(good);
        return { close: async () => void (await Promise.all(all.map((one) => one.close()))) };
      },
    };
  }),
  mutant('listening and closing again and again works and leaves nothing', 'each listener leaves a timer', () => ({
    listening: () => void setTimeout(() => {}, 60_000).unref(),
  })),
  mutant('listening and closing again and again works and leaves nothing', 'only one listener works', () => {
    let listeners = 0;
    return {
      listening: () => {
        listeners += 1;
        if (listeners > 1) throw new ServiceError('FailedPrecondition', 'listening already', { executed: 'no' });
      },
    };
  }),
];
