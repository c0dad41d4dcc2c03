import type { TransportFixture } from '@tenon/conformance';
import { type Cancellation, type ReplyListener, type ServedCall, ServiceError } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import { failing, handling, listenedTo, mutant, receiving, sending, unfelt } from './transport-halves.js';

const byCallBack = 'a connection that answers by call-back tells its listener once, of whatever ends the call';
const timeLeft = 'the deadline arrives as the time that is left';
const deadline = 'a call ends at its deadline, and its handler feels it';
const abort = 'a cancellation ends the call with its reason, and its handler feels it';
const many = 'one cancellation of many calls ends those under way, and no other';
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
  ...[
    callBack('a reply is told twice', (listener) => ({
      onReply: (reply) => {
        listener.onReply(reply);
        listener.onReply(reply);
      },
    })),
    callBack('nobody is told of a failure', () => ({ onFailure: () => {} })),
    callBack('a failure may have run', (listener) => ({
      onFailure: (error) => listener.onFailure(error.with({ executed: 'maybe' })),
    })),
  ],
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
    handler: (good) =>
      handling(good, (call) => {
        const served = good.handle(call);
        return {
          cancel: (reason) => {
            served.cancel(reason);
            served.cancel(reason);
          },
        };
      }),
  })),
  mutant(deadline, 'it was certainly not executed', () => failing((error) => error.with({ executed: 'no' }))),
  mutant('a call whose deadline has passed is never sent', 'it gets another second', (clock) =>
    sending((call) => ({ ...call, deadline: Math.max(call.deadline, clock.now() + 1_000) })),
  ),
  mutant(abort, 'the cancellation is not looked at', () => sending(({ cancellation: _, ...call }) => call)),
  mutant(abort, 'the handler is not told', () => ({ handler: unfelt })),
  mutant(abort, 'every reason is Canceled', () => failing((error) => new ServiceError('Canceled', error.rawMessage))),
  mutant(abort, 'the reason is not told', () => failing((error) => new ServiceError(error.code, 'canceled'))),
  mutant(abort, 'the connection ends with the call', () =>
    failing(async (error, good) => {
      await good.close();
      return error;
    }),
  ),
  mutant('a call that is cancelled already is never sent', 'only the event counts', () =>
    sending(({ cancellation, ...call }) => (cancellation?.canceled ? call : { ...call, cancellation })),
  ),
  mutant(many, 'it ends the connection', () => ({
    connection: (good) => ({
      unary: async (call) => {
        call.cancellation?.listen({ onCancel: () => void good.close() });
        return good.unary(call);
      },
    }),
  })),
  mutant(many, 'it ends the last call alone', () => {
    let last: Cancellation | undefined;
    return sending(({ cancellation, ...call }) => {
      if (cancellation === undefined) return call;
      const own: Cancellation = {
        canceled: undefined,
        listen: (listener) => {
          cancellation.listen({ onCancel: (reason) => last === own && listener.onCancel(reason) });
        },
        unlisten: () => {},
      };
      last = own;
      return { ...call, cancellation: own };
    });
  }),
  mutant(answered, 'the end of the connection cancels every call it had', () => {
    const served: ServedCall[] = [];
    return {
      handler: (good) =>
        handling(good, (call) => {
          const one = good.handle(call);
          served.push(one);
          return one;
        }),
      connection: (good) => ({
        close: async () => {
          for (const one of served) one.cancel(new ServiceError('Unavailable', 'the connection ended'));
          await good.close();
        },
      }),
    };
  }),
  mutant(answered, 'it goes on listening to its cancellation', () =>
    sending(({ cancellation, ...call }) => ({ ...call, cancellation: cancellation && listenedTo(cancellation) })),
  ),
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

/** A connection that answers by call-back, and tells its listener otherwise than it should. */
function callBack(
  fault: string,
  change: (listener: ReplyListener) => Partial<ReplyListener>,
): Mutant<TransportFixture> {
  return mutant(byCallBack, fault, () => ({
    connection: (good) => ({
      send: (call, listener) => {
        const changed = { ...through(listener), ...change(listener) };
        good.unary(call).then(changed.onReply, changed.onFailure);
      },
    }),
  }));
}

function through(listener: ReplyListener): ReplyListener {
  return { onReply: (reply) => listener.onReply(reply), onFailure: (error) => listener.onFailure(error) };
}
