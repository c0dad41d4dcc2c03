import type { TransportFixture } from '@tenon/conformance';
import { codeOfHttpStatus, codes } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import { failing, mutant, receiving, remade } from './transport-halves.js';

const whole = 'an error of the handler arrives whole, whichever of the codes it has';
const executed = 'what the handler says about having run is kept';
const bare = 'an error without details arrives without details, and a long message arrives whole';
const unfitReply = 'a reply that cannot be encoded is Internal and counts as executed';
const unfitRequest = 'a request that cannot be encoded is refused before it is sent';

/** Transports that lose or change errors. */
export const transportErrorMutants: readonly Mutant<TransportFixture>[] = [
  mutant(whole, 'the code is made of the HTTP status', () =>
    failing((error) => remade(error, { code: codeOfHttpStatus(codes[error.code].httpStatus) })),
  ),
  mutant(whole, 'the message ends at the first line', () =>
    failing((error) => remade(error, { message: error.rawMessage.split('\n')[0] })),
  ),
  mutant(whole, 'the message is ASCII', () =>
    failing((error) => remade(error, { message: error.rawMessage.replace('ë', '?') })),
  ),
  mutant(whole, 'details are lost', () => failing((error) => remade(error, { details: undefined }))),
  mutant(whole, 'details become text', () =>
    failing((error) => remade(error, { details: JSON.stringify(error.details) })),
  ),
  mutant(whole, 'the correlation id is lost', () => failing((error) => remade(error, { correlationId: undefined }))),
  mutant(whole, 'the node is lost', () => failing((error) => remade(error, { node: undefined }))),
  mutant(whole, 'the cause crosses the wire', () => {
    let cause: unknown;
    return {
      ...receiving((call) => ({
        fail: (error) => {
          cause = error.cause;
          call.fail(error);
        },
      })),
      ...failing((error) => error.with({ cause })),
    };
  }),
  mutant(executed, 'an error that a server sent counts as executed', () =>
    failing((error) => error.with({ executed: 'yes' })),
  ),
  mutant(executed, 'an error that a server sent was perhaps executed', () =>
    failing((error) => error.with({ executed: 'maybe' })),
  ),
  mutant(bare, 'the message is cut at 1 KiB', () =>
    failing((error) => remade(error, { message: error.rawMessage.slice(0, 1_024) })),
  ),
  mutant(bare, 'details are made up', () => failing((error) => error.with({ details: error.details ?? {} }))),
  mutant(unfitReply, 'it is the fault of the caller', () =>
    failing((error) => error.cause ?? remade(error, { code: 'InvalidArgument' })),
  ),
  mutant(unfitReply, 'it was perhaps executed', () => failing((error) => error.with({ executed: 'maybe' }))),
  mutant(unfitReply, 'it ends the connection', () =>
    failing(async (error, good) => {
      await good.close();
      return error;
    }),
  ),
  mutant(unfitRequest, 'it is Internal', () => failing((error) => remade(error, { code: 'Internal' }))),
  mutant(unfitRequest, 'it was perhaps executed', () => failing((error) => error.with({ executed: 'maybe' }))),
];
