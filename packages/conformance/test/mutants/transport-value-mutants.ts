import type { TransportFixture } from '@tenon/conformance';
import { type IncomingCall, type Metadata, noMetadata, type Reply, ServiceError } from '@tenon/contract';
import type { Mutant } from './prove-cases.js';
import { changed, failing, handling, incoming, mutant, receiving, replying, sending } from './transport-halves.js';

const name = 'a call reaches the handler under its name, and the reply comes back';
const table = 'every value of the table travels both ways';
const empty = 'empty requests and replies travel';
const sharing = 'neither side shares an object with the other';
const sizes = 'a request of the largest size is served, a larger one is refused, and other calls go on';
const unknownType = 'a content type that one side does not know is refused before the handler runs';
const undecodable = 'bytes that cannot be decoded are refused as bad input, without having run';
const firstAnswer = 'the first answer counts, also where it comes before the handler returns';
const metadata = 'metadata travels with the call and with the reply, and nothing comes back by itself';

/** Transports that lose or change what travels. */
export const transportValueMutants: readonly Mutant<TransportFixture>[] = [
  mutant(name, 'endpoints arrive in lower case', () =>
    receiving(({ endpoint }) => ({ endpoint: endpoint.toLowerCase() })),
  ),
  mutant(name, 'the peer has no address', () => receiving(({ peer }) => ({ peer: { ...peer, address: '' } }))),
  mutant(name, 'another node is named', () => receiving(() => ({ node: 'node-other' }))),
  mutant('a node that is known by its address alone can be called, and no node id is made up', 'one is', () =>
    receiving(({ node, peer }) => ({ node: node ?? peer.address })),
  ),
  mutant(table, 'requests travel as Latin-1', () => receiving((call) => ({ decode: () => latin1(call.decode()) }))),
  mutant(table, 'fractions are lost on the way back', () =>
    replying((reply) => ({ ...reply, value: JSON.parse(JSON.stringify(reply.value ?? null, truncated)) })),
  ),
  mutant(empty, 'an empty request is refused', () =>
    sending((call) => {
      if (call.value !== undefined && call.value !== '') return call;
      throw new ServiceError('InvalidArgument', 'the request is empty', { executed: 'no' });
    }),
  ),
  mutant(empty, 'an empty text comes back as null', () =>
    replying((reply) => ({ ...reply, value: reply.value || null })),
  ),
  mutant(sharing, 'requests are handed over as they are', () => {
    let value: unknown;
    return {
      ...sending((call) => {
        value = call.value;
        return call;
      }),
      ...receiving(() => ({ decode: () => value })),
    };
  }),
  mutant(sharing, 'replies are handed over as they are', () => {
    let last: Reply | undefined;
    return {
      ...replying((reply) => {
        last = reply;
        return reply;
      }),
      connection: (good) => ({ unary: async (call) => (await good.unary(call)) && (last as Reply) }),
    };
  }),
  mutant("the caller's value and metadata are not changed", 'the transport adds its own pair', () =>
    sending((call) => {
      (call.metadata as Record<string, string>)['x-sent'] = 'now';
      return call;
    }),
  ),
  mutant('a handler may answer without decoding the request', 'the unread request blocks the next', () => {
    let unread = 0;
    return {
      handler: (good) =>
        handling(good, (call) => {
          if (unread > 0) {
            call.fail(new ServiceError('Internal', 'the last request was not read', { executed: 'no' }));
            return { cancel: () => {} };
          }
          unread += 1;
          const decode: typeof call.decode = (schema) => {
            unread -= 1;
            return call.decode(schema);
          };
          return good.handle(incoming(call, { decode }));
        }),
    };
  }),
  mutant(sizes, 'the limit is one byte too small', () => ({
    port: ({ maxMessageBytes }) => ({ maxMessageBytes: maxMessageBytes - 1 }),
  })),
  mutant(sizes, 'the limit is one byte too large', () => ({
    port: ({ maxMessageBytes }) => ({ maxMessageBytes: maxMessageBytes + 1 }),
  })),
  mutant(sizes, 'a request over the limit ends the connection', () =>
    failing(async (error, good) => {
      if (error.code === 'ResourceExhausted') await good.close();
      return error;
    }),
  ),
  mutant(sizes, 'a request over the limit was perhaps executed', () =>
    failing((error) => error.with({ executed: 'maybe' })),
  ),
  mutant('every codec works beside the others on one listener', 'the content type of the call is not looked at', () =>
    sending(({ contentType: _, ...call }) => call),
  ),
  mutant(unknownType, 'an unknown type falls back to the usual one', () =>
    sending(({ contentType, ...call }) => (contentType?.includes('conformance') ? call : { ...call, contentType })),
  ),
  mutant(unknownType, 'it was perhaps executed', () => failing((error) => error.with({ executed: 'maybe' }))),
  mutant(undecodable, 'what cannot be decoded is undefined', () =>
    receiving((call) => ({
      decode: (schema) => {
        try {
          return call.decode(schema);
        } catch {
          return undefined;
        }
      },
    })),
  ),
  mutant(undecodable, 'it counts as executed', () => failing((error) => error.with({ executed: 'yes' }))),
  mutant('a reply that the caller cannot decode counts as executed', "the codec's error is passed on", () =>
    failing((error) => error.cause ?? error),
  ),
  mutant(metadata, 'everything comes back', () =>
    replying((reply, call) => ({ ...reply, metadata: { ...call.metadata, ...reply.metadata } })),
  ),
  mutant(metadata, 'values are trimmed', () => sendingMetadata((value) => value.trim())),
  mutant(metadata, 'values are Latin-1', () =>
    sendingMetadata((value) => Buffer.from(value, 'latin1').toString('latin1')),
  ),
  mutant(metadata, 'values are percent-decoded', () => sendingMetadata((value) => value.replaceAll('%41', 'A'))),
  mutant(metadata, 'empty values are dropped', () => sendingMetadata((value) => (value === '' ? undefined : value))),
  mutant(metadata, 'values of replies are Latin-1', () =>
    replying((reply) => ({
      ...reply,
      metadata: changed(reply.metadata, (value) => Buffer.from(value, 'latin1').toString('latin1')),
    })),
  ),
  mutant(metadata, 'pairs stay for the next call', () => {
    let all: Metadata = noMetadata;
    return sending((call) => {
      all = { ...all, ...call.metadata };
      return { ...call, metadata: all };
    });
  }),
  mutant(firstAnswer, 'the last answer counts', () => {
    const answer = (call: IncomingCall) => {
      let last: () => void = () => {};
      const later = (send: () => void) => {
        last = send;
        setImmediate(() => last());
      };
      return {
        reply: (reply: Reply) => later(() => call.reply(reply)),
        fail: (error: ServiceError) => later(() => call.fail(error)),
      };
    };
    return receiving(answer);
  }),
  mutant(firstAnswer, 'an answer before the handler returns is lost', () => ({
    handler: (good) =>
      handling(good, (call) => {
        let returned = false;
        const served = good.handle(
          incoming(call, {
            reply: (reply) => returned && call.reply(reply),
            fail: (error) => returned && call.fail(error),
          }),
        );
        returned = true;
        return served;
      }),
  })),
  mutant('200 calls at once each get their own reply', 'replies go to whoever waits longest', () => {
    const waiting: ((reply: Reply) => void)[] = [];
    return {
      connection: (good) => ({
        unary: (call) =>
          new Promise((resolve, reject) => {
            waiting.push(resolve);
            good.unary(call).then((reply) => waiting.shift()?.(reply), reject);
          }),
      }),
    };
  }),
];

function sendingMetadata(change: (value: string) => string | undefined) {
  return sending((call) => ({ ...call, metadata: changed(call.metadata, change) }));
}

function latin1(value: unknown): unknown {
  return JSON.parse(Buffer.from(JSON.stringify(value ?? null), 'latin1').toString('latin1'));
}

function truncated(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.trunc(value) : value;
}
