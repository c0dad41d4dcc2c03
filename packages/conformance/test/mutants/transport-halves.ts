import type { TransportFixture } from '@tenon/conformance';
import type { Call, CallHandler, Connection, IncomingCall, Metadata, Reply, ServiceError } from '@tenon/contract';
import { type BreakTransport, type BrokenTransport, transportFixtures } from '../transport-fixture.js';
import type { Mutant } from './prove-cases.js';

/** A mutant of the memory transport. */
export function mutant(caughtBy: string, fault: string, broken: BreakTransport): Mutant<TransportFixture> {
  return { caughtBy, fault, fixtures: transportFixtures(broken) };
}

/** Changes a call on its way out. */
export function sending(change: (call: Call) => Call): Pick<BrokenTransport, 'connection'> {
  return { connection: (good) => ({ unary: async (call) => good.unary(change(call)) }) };
}

/** Changes an error on its way to the caller, or the connection on the way. */
export function failing(
  change: (error: ServiceError, good: Connection) => unknown,
): Pick<BrokenTransport, 'connection'> {
  return {
    connection: (good) => ({
      unary: async (call) => {
        try {
          return await good.unary(call);
        } catch (thrown) {
          throw await change(thrown as ServiceError, good);
        }
      },
    }),
  };
}

/** Changes a call on its way to the handler. */
export function receiving(change: (call: IncomingCall) => Partial<IncomingCall>): Pick<BrokenTransport, 'handler'> {
  return { handler: (good) => ({ unary: (call) => good.unary(incoming(call, change(call))) }) };
}

/** Changes a reply on its way from the handler. */
export function replying(change: (reply: Reply, call: IncomingCall) => Reply): Pick<BrokenTransport, 'handler'> {
  return { handler: (good) => ({ unary: async (call) => change(await good.unary(call), call) }) };
}

/** An incoming call with some parts replaced. */
export function incoming(call: IncomingCall, parts: Partial<IncomingCall>): IncomingCall {
  return {
    service: call.service,
    endpoint: call.endpoint,
    node: call.node,
    metadata: call.metadata,
    deadline: call.deadline,
    peer: call.peer,
    contentType: call.contentType,
    decode: (schema) => call.decode(schema),
    onCancel: (listener) => call.onCancel(listener),
    ...parts,
  };
}

/** A handler that never learns that its caller left. */
export function unfelt(good: CallHandler): CallHandler {
  return { unary: (call) => good.unary(incoming(call, { onCancel: () => {} })) };
}

/** Metadata with each value changed; undefined leaves the pair out. */
export function changed(metadata: Metadata, change: (value: string) => string | undefined): Metadata {
  const pairs = Object.entries(metadata).map(([key, value]) => [key, change(value)] as const);
  return Object.fromEntries(pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}
