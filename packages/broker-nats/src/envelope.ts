import type { Msg, MsgHdrs } from '@nats-io/transport-node';
import type { Message } from '@tenon/contract';

/** What a message looks like on its NATS subject. Both sides of a topic must use the same. */
export interface Envelope {
  /** The media type of bodies, unless a publisher chooses another. */
  readonly contentType: string;
  /** Whether one NATS message may hold several of these (`event-batch.ts`). */
  readonly batches: boolean;
  /**
   * Writes the message as one of several, and returns where it ends; 0 where it must go alone: it has headers, or does not fit. Throws as
   * `pack` does. Only where there are batches.
   */
  packInto?(target: Buffer, position: number, message: Message): number;
  /** Copies the message into a packet. Throws `InvalidArgument` where the message has no such form. */
  pack(topic: string, message: Message): Packet;
  /** Reads a packet, which may be anything: throws `InvalidArgument`, and nothing else, where it is malformed. With bounds: an event of a batch. */
  unpack(received: Received, start?: number, end?: number): Message;
}

/** A message in its wire form. */
export interface Packet {
  readonly payload: Uint8Array;
  readonly headers: MsgHdrs | undefined;
  /** Payload and headers, as the server counts them. */
  readonly bytes: number;
}

/** What NATS handed over. Reading `headers` parses them. */
export type Received = Pick<Msg, 'data' | 'headers'>;
