import {
  type CallHandler,
  type IncomingCall,
  noMetadata,
  type Reply,
  type ServedCall,
  ServiceError,
} from '@tenon/contract';

/** A server made of one function: what it returns is answered, what it throws too, and a cancel goes to `canceled`. */
export function serving(
  answer: (call: IncomingCall) => Reply | Promise<Reply>,
  canceled: (reason: ServiceError) => void = () => {},
): CallHandler {
  return {
    handle: (call): ServedCall => {
      void (async () => answer(call))().then(
        (reply) => call.reply(reply),
        (thrown: ServiceError) => call.fail(thrown),
      );
      return { cancel: canceled };
    },
    refusal: () => undefined,
    kindOf: () => undefined,
  };
}

/** Answers with what it was sent. */
export const echo = (call: IncomingCall): Reply => ({ value: call.decode(), metadata: noMetadata });
