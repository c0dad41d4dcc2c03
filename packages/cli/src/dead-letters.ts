import { Codec, type DeadLetters, ServiceError } from '@tenon/contract';
import { CodecSet } from '@tenon/contract/authoring';
import type { BrokerConnection } from './connection.js';
import { Failure } from './failure.js';
import { jsonText, type Output } from './output.js';
import { eventOf } from './subscribe.js';
import { table } from './table.js';

/** `tenon dead-letters [--topic TOPIC] [--limit N]`: what was given up, the oldest first. */
export async function listDeadLetters(
  { topic, limit }: { readonly topic: string | undefined; readonly limit: number | undefined },
  connection: BrokerConnection,
  output: Output,
): Promise<void> {
  const letters = await asked(connection, (kept) => kept.list({ topic, limit }));
  await output.result(
    letters.map(({ message: { id, metadata }, ...rest }) => ({ ...rest, message: id, metadata })),
    () =>
      table(
        ['ID', 'TOPIC', 'QUEUE', 'ATTEMPTS', 'GIVEN UP', 'CODE', 'REASON'],
        letters.map(({ id, topic: from, queue, attempts, timeMs, code, reason }) => {
          return [id, from, queue ?? '', String(attempts), new Date(timeMs).toISOString(), code, reason];
        }),
      ),
  );
}

/** `tenon dead-letters show ID`: one of them, with its event. */
export async function showDeadLetter(id: string, connection: BrokerConnection, output: Output): Promise<void> {
  const letters = await asked(connection, (kept) => kept.list({ limit: mostLookedThrough }));
  const letter = letters.find((one) => one.id === id);
  if (letter === undefined) throw Failure.notFound(`there is no dead letter ${id}`);
  const { message, timeMs, ...rest } = letter;
  const codecs = new CodecSet(connection.app.getAll(Codec));
  await output.answer({
    ...rest,
    givenUp: new Date(timeMs).toISOString(),
    message: message.id,
    published: new Date(message.timeMs).toISOString(),
    metadata: message.metadata,
    event: eventOf(codecs, message.contentType, message.body),
  });
}

/** `tenon dead-letters requeue ID`: again for the queue that gave it up. */
export async function requeueDeadLetter(id: string, connection: BrokerConnection, output: Output): Promise<void> {
  await asked(connection, (kept) => kept.requeue(id));
  await output.line(output.isJson ? jsonText({ requeued: id }) : `${id} was published again`);
}

async function asked<T>({ broker, name }: BrokerConnection, ask: (kept: DeadLetters) => Promise<T>): Promise<T> {
  if (broker.deadLetters === undefined) throw Failure.usage(`the broker ${name} keeps no dead letters`);
  try {
    return await ask(broker.deadLetters);
  } catch (thrown) {
    const error = ServiceError.from(thrown);
    if (error.code === 'InvalidArgument') throw Failure.usage(error.rawMessage);
    throw Failure.ofBroker(name, error);
  }
}

const mostLookedThrough = 10_000;
