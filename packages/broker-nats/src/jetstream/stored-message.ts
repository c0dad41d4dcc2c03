import { type MsgHdrs, type NatsConnection, headers as newHeaders } from '@nats-io/transport-node';
import { ServiceError } from '@tenon/contract';
import { askJetStream } from './jetstream-api.js';

/** A message as a stream keeps it. */
export interface StoredMessage {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  readonly headers: MsgHdrs | undefined;
}

/** One message of a stream: at a place, or the next of a subject from there on. Undefined where there is none. */
export async function storedMessage(
  connection: NatsConnection,
  stream: string,
  which: { readonly seq: number; readonly next_by_subj?: string },
): Promise<StoredMessage | undefined> {
  try {
    const { message } = await askJetStream<{ readonly message: Raw }>(connection, `STREAM.MSG.GET.${stream}`, which);
    return {
      subject: message.subject,
      seq: message.seq,
      data: Buffer.from(message.data ?? '', 'base64'),
      headers: message.hdrs === undefined ? undefined : readHeaders(Buffer.from(message.hdrs, 'base64').toString()),
    };
  } catch (thrown) {
    if (ServiceError.from(thrown).code === 'NotFound') return undefined;
    throw thrown;
  }
}

interface Raw {
  readonly subject: string;
  readonly seq: number;
  readonly data?: string;
  readonly hdrs?: string;
}

/** `NATS/1.0`, then a line each. */
function readHeaders(text: string): MsgHdrs {
  const found = newHeaders();
  for (const line of text.split('\r\n').slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) found.append(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return found;
}
