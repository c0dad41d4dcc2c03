import type { TransportFixture } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import { failing, incoming, mutant, receiving, sending, unfelt } from './transport-halves.js';

const timeLeft = 'the deadline arrives as the time that is left';
const deadline = 'a call ends at its deadline, and its handler feels it';
const abort = 'aborting the signal ends the call, and its handler feels it';
const answered = 'a call that was answered is not cancelled afterwards';
const reaches = 'a node is reached where it speaks this transport, and not where it speaks another alone';
const nobody = 'calling where nobody listens is Unavailable, and was certainly not executed';
const vanished =
  'a peer that vanishes during a call makes it Unavailable, perhaps executed, and later calls certainly not';

/** Transports that end calls wrongly, or not at all. */
export const transportEndingMutants: readonly Mutant<TransportFixture>[] = [
  mutant(timeLeft, 'the deadline travels as a time of day', () => {
    let sent = 0;
    return {
      ...sending((call) => {
        sent = call.deadline;
        return call;
      }),
      ...receiving(() => ({ deadline: sent })),
    };
  }),
  mutant(timeLeft, 'no deadline travels', () => receiving(() => ({ deadline: Number.POSITIVE_INFINITY }))),
  mutant(timeLeft, 'deadlines are capped at 60 s', (clock) =>
    receiving((call) => ({ deadline: Math.min(call.deadline, clock.now() + 1_000_000 + 60_000) })),
  ),
  mutant(deadline, 'nobody looks at the deadline', () =>
    sending((call) => ({ ...call, deadline: Number.POSITIVE_INFINITY })),
  ),
  mutant(deadline, 'a short deadline ends the call at once', (clock) => ({
    connection: (good) => ({
      unary: async (call) => {
        const reply = good.unary(call);
        if (call.deadline - clock.now() > 1_000) return reply;
        reply.catch(() => {});
        throw new ServiceError('DeadlineExceeded', 'too short', { executed: 'maybe' });
      },
    }),
  })),
  mutant(deadline, 'the handler is not told', () => ({ handler: unfelt })),
  mutant(deadline, 'the handler is told twice', () => ({
    handler: (good) => ({
      unary: (call) => {
        const twice: typeof call.onCancel = (listener) =>
          call.onCancel((reason) => {
            listener(reason);
            listener(reason);
          });
        return good.unary(incoming(call, { onCancel: twice }));
      },
    }),
  })),
  mutant(deadline, 'it was certainly not executed', () => failing((error) => error.with({ executed: 'no' }))),
  mutant('a call whose deadline has passed is never sent', 'it gets another second', (clock) =>
    sending((call) => ({ ...call, deadline: Math.max(call.deadline, clock.now() + 1_000) })),
  ),
  mutant(abort, 'the signal is not looked at', () => sending(({ signal: _, ...call }) => call)),
  mutant(abort, 'the handler is not told', () => ({ handler: unfelt })),
  mutant(abort, 'the call is Aborted', () => failing((error) => new ServiceError('Aborted', error.rawMessage))),
  mutant(abort, 'the connection ends with the call', () =>
    failing(async (error, good) => {
      await good.close();
      return error;
    }),
  ),
  mutant('a call whose signal is aborted already is never sent', 'only the event counts', () =>
    sending(({ signal, ...call }) => (signal?.aborted ? call : { ...call, signal })),
  ),
  mutant('one signal of many calls ends those under way, and no other', 'it ends the connection', () => ({
    connection: (good) => ({
      unary: async ({ signal, ...call }) => {
        signal?.addEventListener('abort', () => void good.close());
        return good.unary({ ...call, signal });
      },
    }),
  })),
  mutant('one signal of many calls ends those under way, and no other', 'it ends the last call alone', () => {
    let last: AbortController | undefined;
    return sending(({ signal, ...call }) => {
      const own = new AbortController();
      last = own;
      signal?.addEventListener('abort', () => last === own && own.abort());
      return signal === undefined ? call : { ...call, signal: own.signal };
    });
  }),
  mutant(answered, 'the end of the connection cancels every call it had', () => {
    const listeners: ((reason: ServiceError) => void)[] = [];
    return {
      ...receiving(() => ({ onCancel: (listener) => void listeners.push(listener) })),
      connection: (good) => ({
        close: async () => {
          for (const listener of listeners) listener(new ServiceError('Unavailable', 'the connection ended'));
          await good.close();
        },
      }),
    };
  }),
  mutant(reaches, 'every node is reached', () => ({ reaches: () => true })),
  mutant(reaches, 'no node is reached', () => ({ reaches: () => false })),
  mutant(nobody, 'it was perhaps executed', () => ({
    dial: (dial) => (node, options) =>
      dial(node, options).catch((thrown: ServiceError) => {
        throw thrown.with({ executed: 'maybe' });
      }),
  })),
  mutant(nobody, 'it waits for somebody', () => ({
    dial: (dial) => (node, options) => dial(node, options).catch(() => new Promise(() => {})),
  })),
  mutant('an aborted dial is Canceled', 'the signal is not looked at', () => ({
    dial: (dial) => (node, options) => dial(node, { service: options.service }),
  })),
  mutant(vanished, 'it was certainly not executed', () => failing((error) => error.with({ executed: 'no' }))),
  mutant(vanished, 'later calls were perhaps executed', () => failing((error) => error.with({ executed: 'maybe' }))),
  mutant(vanished, 'the loss is not noticed', () => ({
    connection: (good) => ({
      unary: (call) =>
        good.unary(call).catch((thrown: ServiceError) => {
          if (thrown.code === 'Unavailable') return new Promise(() => {});
          throw thrown;
        }),
    }),
  })),
];
