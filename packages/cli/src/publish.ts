import { Client, type DeliveryLevel, type Metadata, ServiceError } from '@tenon/contract';
import type { BrokerConnection } from './connection.js';
import { Failure } from './failure.js';
import { jsonText, type Output } from './output.js';

/** What `tenon publish` takes beside the connection's options. */
export interface PublishArguments {
  readonly topic: string;
  readonly event: unknown;
  readonly metadata: Metadata;
  readonly delivery: DeliveryLevel | undefined;
  readonly contentType: string | undefined;
}

/** `tenon publish TOPIC JSON`: one event; says its id once the broker has it. */
export async function publish(given: PublishArguments, { app, name }: BrokerConnection, output: Output): Promise<void> {
  const { topic, event, metadata, delivery, contentType } = given;
  const id = crypto.randomUUID();
  try {
    await app.get(Client).publish(topic, event, { id, metadata, delivery, contentType });
  } catch (thrown) {
    const error = ServiceError.from(thrown);
    if (error.code === 'InvalidArgument') throw Failure.usage(error.rawMessage);
    throw Failure.ofBroker(name, error);
  }
  await output.line(output.isJson ? jsonText({ topic, id }) : id);
}
