import { Codec, type Delivery, type DeliveryLevel, ServiceError, type SubscribeOptions } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import type { BrokerConnection } from './connection.js';
import { Failure } from './failure.js';
import { jsonText, type Output } from './output.js';

/** What `tenon subscribe` takes beside the connection's options. */
export interface SubscribeArguments {
  readonly topic: string;
  readonly queue: string | undefined;
  readonly delivery: DeliveryLevel | undefined;
  readonly startFrom: SubscribeOptions['startFrom'];
}

/** `tenon subscribe TOPIC`: each event as a line of JSON, until Ctrl-C. With a queue it takes its share, and acknowledges what it told. */
export async function subscribe(
  { topic, queue, delivery, startFrom }: SubscribeArguments,
  { app, broker, name }: BrokerConnection,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const codecs = new CodecSet(app.getAll(Codec));
  const tell = async ({ topic: at, message, attempt }: Delivery): Promise<void> => {
    const { id, timeMs, metadata, contentType, body } = message;
    const facts = { topic: at, id, time: new Date(timeMs).toISOString(), attempt };
    await output.line(jsonText({ ...facts, metadata, event: eventOf(codecs, contentType, body) }));
  };
  try {
    const subscription = await broker.subscribe(topic, tell, { queue, delivery, startFrom, signal });
    await untilAborted(signal);
    await subscription.drain();
  } catch (thrown) {
    if (signal.aborted) return;
    const error = ServiceError.from(thrown);
    if (error.code === 'InvalidArgument' || error.code === 'Unimplemented') throw Failure.usage(error.rawMessage);
    throw Failure.ofBroker(name, error);
  }
}

/** What cannot be read is shown as it came, in base64. */
export function eventOf(codecs: CodecSet, contentType: string, body: Uint8Array): unknown {
  try {
    return codecs.of(contentType).decode(body, undefined);
  } catch {
    return { contentType, base64: Buffer.from(body).toString('base64') };
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    // Nothing else may keep the process alive while it waits.
    const alive = setInterval(() => {}, 60_000);
    const done = (): void => {
      clearInterval(alive);
      resolve();
    };
    if (signal.aborted) done();
    else signal.addEventListener('abort', done, { once: true });
  });
}
