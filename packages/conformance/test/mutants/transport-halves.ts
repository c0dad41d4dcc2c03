import type { TransportFixture } from '@tenon/conformance';
import {
  type Call,
  type CallHandler,
  type Cancellation,
  type Connection,
  type IncomingCall,
  type Metadata,
  type Reply,
  ServiceError,
} from '@tenon/contract';
import { type BreakTransport, type BrokenTransport, transportFixtures } from '../transport-fixture.js';
import type { Mutant } from './prove-cases.js';
import { through } from './through.js';

/** A mutant of the memory transport. */
export function mutant(caughtBy: string, fault: string, broken: BreakTransport): Mutant<TransportFixture> {
  return { caughtBy, fault, fixtures: transportFixtures(broken) };
}

/** Changes a call on its way out. */
export function sending(change: (call: Call) => Call): Pick<BrokenTransport, 'connection'> {
  return {
    connection: (good) => ({
      unary: async (call) => good.unary(change(call)),
      stream: async (call) => good.stream(change(call)),
    }),
  };
}

/** Changes an error on its way to the caller, or the connection on the way. */
export function failing(
  change: (error: ServiceError, good: Connection) => unknown,
): Pick<BrokenTransport, 'connection'> {
  return {
    connection: (good) => {
      const fail = async (thrown: unknown): Promise<never> => {
        throw await change(ServiceError.from(thrown), good);
      };
      return {
        unary: (call) => good.unary(call).catch(fail),
        stream: async (call) => {
          const reply = await good.stream(call).catch(fail);
          const change = (replies: AsyncIterator<unknown>) => ({ next: () => replies.next().catch(fail) });
          return { ...reply, messages: reply.messages && through(reply.messages, change) };
        },
      };
    },
  };
}

/** Changes a call on its way to the handler. */
export function receiving(change: (call: IncomingCall) => Partial<IncomingCall>): Pick<BrokenTransport, 'handler'> {
  return { handler: (good) => handling(good, (call) => good.handle(incoming(call, change(call)))) };
}

/** Changes a reply on its way from the handler. */
export function replying(change: (reply: Reply, call: IncomingCall) => Reply): Pick<BrokenTransport, 'handler'> {
  return receiving((call) => ({ reply: (reply) => call.reply(change(reply, call)) }));
}

/** A handler that serves calls otherwise. */
export function handling(good: CallHandler, handle: CallHandler['handle']): CallHandler {
  return {
    handle,
    refusal: (service, node) => good.refusal(service, node),
    kindOf: (service, endpoint, node) => good.kindOf(service, endpoint, node),
  };
}

/** An incoming call with some parts replaced. */
export function incoming(call: IncomingCall, parts: Partial<IncomingCall>): IncomingCall {
  return {
    service: call.service,
    endpoint: call.endpoint,
    kind: call.kind,
    node: call.node,
    metadata: call.metadata,
    deadline: call.deadline,
    peer: call.peer,
    contentType: call.contentType,
    decode: (schema) => call.decode(schema),
    messages: (schema) => call.messages(schema),
    reply: (reply) => call.reply(reply),
    fail: (error) => call.fail(error),
    ...parts,
  };
}

/** A handler that never learns that its caller left. */
export function unfelt(good: CallHandler): CallHandler {
  return handling(good, (call) => {
    good.handle(call);
    return { cancel: () => {} };
  });
}

/** A cancellation that nobody stops listening to. */
export function listenedTo(cancellation: Cancellation): Cancellation {
  return {
    canceled: cancellation.canceled,
    listen: (listener) => cancellation.listen(listener),
    unlisten: () => {},
  };
}

/** The same error as if some fields of its record had been lost or changed on the wire. */
export function remade(error: ServiceError, fields: Readonly<Record<string, unknown>>): ServiceError {
  return ServiceError.fromRecord({ ...error.toRecord(), ...fields });
}

/** Metadata with each value changed; undefined leaves the pair out. */
export function changed(metadata: Metadata, change: (value: string) => string | undefined): Metadata {
  const pairs = Object.entries(metadata).map(([key, value]) => [key, change(value)] as const);
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}
