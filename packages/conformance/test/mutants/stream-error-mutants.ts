import type { TransportFixture } from '@tenon/conformance';
import { ServiceError } from '@tenon/contract';
import type { BrokenTransport } from '../transport-fixture.js';
import type { Mutant } from './prove-cases.js';
import {
  all,
  eagerly,
  end,
  readingReplies,
  readingRequests,
  type StreamKind,
  sendingReplies,
  sendingRequests,
  streamMutants,
  unreturned,
} from './stream-halves.js';
import { through } from './through.js';
import { failing, handling, remade, sending, unfelt } from './transport-halves.js';

const before = 'an error before the first reply rejects the call, whole';
const behind = 'an error after replies comes behind them, whole';
const after = 'an error after requests stops the caller';
const unread = 'a call that is refused unread stops the caller';
const unknownType = 'a content type that one side does not know is refused';
const ownError = 'requests that end in an error cancel the call';
const badRequests = [
  'a request that cannot be read ends it, and no other',
  'a request that cannot be encoded ends it, and no other',
  'a request over the limit ends it, and no other',
];
const badReplies = [
  'a reply that cannot be read ends it, and no other',
  'a reply that cannot be encoded ends it, and no other',
  'a reply over the limit ends it, and no other',
];

const requesting: readonly StreamKind[] = ['client', 'bidi'];
const replied: readonly StreamKind[] = ['server', 'bidi'];

/** Transports that lose or change the errors of streams. */
export const streamErrorMutants: readonly Mutant<TransportFixture>[] = [
  ...streamMutants(before, all, 'details are lost', () => failing((error) => error.with({ details: undefined }))),
  ...streamMutants(before, all, 'the message ends at the first line', () =>
    failing((error) => remade(error, { message: error.rawMessage.split('\n')[0] })),
  ),
  ...streamMutants(before, all, 'the handler is told to cancel', () => ({
    handler: (good) =>
      handling(good, (call) => {
        const served = good.handle(call);
        if (call.endpoint === 'Probe.Fail') served.cancel(new ServiceError('Canceled', 'failed'));
        return served;
      }),
  })),
  ...streamMutants(before, replied, 'an error is the end', errorsJustEnd),
  ...streamMutants(behind, replied, 'an error is the end', errorsJustEnd),
  ...streamMutants(behind, replied, 'details are lost', () => failing((error) => error.with({ details: undefined }))),
  ...streamMutants(behind, replied, 'it was perhaps executed', () =>
    failing((error) => error.with({ executed: 'maybe' })),
  ),
  ...streamMutants(behind, replied, 'the reply before it is lost', () =>
    sendingReplies((good) => {
      let ahead: Promise<IteratorResult<unknown>> | undefined;
      return {
        next: async () => {
          const result = await (ahead ?? good.next());
          if (result.done === true) return result;
          ahead = good.next();
          await ahead;
          return result;
        },
      };
    }),
  ),
  ...streamMutants(behind, replied, 'it comes again and again', () =>
    readingReplies((good) => {
      let failed: Promise<IteratorResult<unknown>> | undefined;
      return {
        next: () => {
          const next = failed ?? good.next();
          next.catch(() => {
            failed = next;
          });
          return next;
        },
      };
    }),
  ),
  ...streamMutants(after, requesting, 'the producer stays where it is', () => sendingRequests(unreturned)),
  ...streamMutants(after, requesting, 'the error is Internal', () =>
    failing((error) => remade(error, { code: 'Internal' })),
  ),
  ...streamMutants(unread, requesting, 'the producer stays where it is', () => sendingRequests(unreturned)),
  ...streamMutants(unread, requesting, 'the producer is not held back', () => sendingRequests(eagerly)),
  ...streamMutants(unread, requesting, 'it was perhaps executed', () =>
    failing((error) => error.with({ executed: 'maybe' })),
  ),
  ...streamMutants(unknownType, all, 'an unknown type falls back to the usual one', () =>
    sending(({ contentType, ...call }) => (contentType?.includes('conformance') ? call : { ...call, contentType })),
  ),
  ...streamMutants(unknownType, all, 'it was perhaps executed', () =>
    failing((error) => error.with({ executed: 'maybe' })),
  ),
  ...streamMutants(ownError, requesting, 'the requests just end', () =>
    sendingRequests((good) => ({ next: () => good.next().catch(() => end) })),
  ),
  ...streamMutants(ownError, requesting, 'the cause is lost', () => failing((error) => remade(error, {}))),
  ...streamMutants(ownError, requesting, 'the handler is not told', () => ({ handler: unfelt })),
  ...streamMutants(ownError, requesting, 'the cause crosses the wire', () => {
    let cause: unknown;
    return {
      connection: (good) => ({
        stream: async (call) => {
          const change = (requests: AsyncIterator<unknown>) => ({
            next: () =>
              requests.next().catch((thrown: unknown) => {
                cause = thrown;
                throw thrown;
              }),
          });
          return good.stream({ ...call, messages: call.messages && through(call.messages, change) });
        },
      }),
      ...readingRequests((good) => ({
        next: () =>
          good.next().catch((thrown: ServiceError) => {
            throw thrown.with({ cause });
          }),
      })),
    };
  }),
  ...[...badRequests, ...badReplies].flatMap((sentence) =>
    streamMutants(sentence, all, 'the connection ends with it', () =>
      failing(async (error, good) => {
        await good.close();
        return error;
      }),
    ),
  ),
  ...badRequests.flatMap((sentence) => [
    ...streamMutants(sentence, requesting, 'it was certainly not executed', () =>
      failing((error) => error.with({ executed: 'no' })),
    ),
    ...streamMutants(sentence, ['server'], 'it was perhaps executed', () =>
      failing((error) => error.with({ executed: 'maybe' })),
    ),
    ...streamMutants(sentence, requesting, 'the handler takes it for the end of the requests', () =>
      readingRequests((good) => ({ next: () => good.next().catch(() => end) })),
    ),
    ...streamMutants(sentence, all, 'it is Aborted', () => failing((error) => remade(error, { code: 'Aborted' }))),
  ]),
  ...badReplies.flatMap((sentence) =>
    streamMutants(sentence, all, 'it was perhaps executed', () =>
      failing((error) => error.with({ executed: 'maybe' })),
    ),
  ),
  ...badReplies.flatMap((sentence) =>
    streamMutants(sentence, replied, 'the replies just end', () =>
      readingReplies((good) => ({ next: () => good.next().catch(() => end) })),
    ),
  ),
  ...badReplies.flatMap((sentence) =>
    streamMutants(sentence, replied, "the handler's producer stays where it is", () => sendingReplies(unreturned)),
  ),
  ...badReplies
    .slice(1)
    .flatMap((sentence) =>
      streamMutants(sentence, all, 'it is the fault of the caller', () =>
        failing((error) => remade(error, { code: 'InvalidArgument' })),
      ),
    ),
];

function errorsJustEnd(): BrokenTransport {
  return sendingReplies((good) => ({ next: () => good.next().catch(() => end) }));
}
