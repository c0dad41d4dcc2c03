import { noMetadata, type Reply } from '@tenon/contract';
import type { Probe, ProbeCall } from '../probe.js';
import { inTurn } from './message-source.js';
import type { StreamKind } from './stream-case.js';

/** What the two sides of an exchange send. */
export interface ExchangeMessages {
  /** Of a server stream only the first is sent, as its request. */
  readonly requests: readonly unknown[];
  /** Of a client stream only the first is sent, as its reply. */
  readonly replies: readonly unknown[];
}

/** What arrived. */
export interface Exchanged {
  readonly requests: readonly unknown[];
  readonly replies: readonly unknown[];
  readonly reply: Reply;
}

/** Makes one stream in which both sides send all that they have, at once where the kind allows it, and read everything. */
export async function exchange(
  probe: Probe,
  kind: StreamKind,
  sent: ExchangeMessages,
  call: ProbeCall & { readonly endpoint?: string; readonly replyMetadata?: Reply['metadata'] } = {},
): Promise<Exchanged> {
  const { endpoint = 'exchange', replyMetadata: metadata = noMetadata, ...options } = call;
  let arrived: Promise<readonly unknown[]> = Promise.resolve([]);
  probe.serve(endpoint, kind, async (incoming) => {
    arrived = kind === 'server' ? Promise.resolve([incoming.decode()]) : probe.reader(incoming.messages()).rest();
    if (kind === 'client') return { value: (await arrived) && sent.replies[0], metadata };
    // The end of the replies ends the call, so it comes after the last request.
    return { value: undefined, messages: probe.source(inTurn(sent.replies, arrived)).messages, metadata };
  });
  const reply = await probe.stream(kind, endpoint, {
    ...options,
    value: kind === 'server' ? sent.requests[0] : undefined,
    messages: kind === 'server' ? undefined : probe.source(sent.requests).messages,
  });
  const replies = kind === 'client' ? [reply.value] : await probe.reader(reply.messages).rest();
  return { requests: await probe.bounded(arrived, 'the requests'), replies, reply };
}
