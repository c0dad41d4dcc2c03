import type { CancelTimer, Clock } from '@tenon/contract';
import type { ChannelModel, ConfirmChannel, Message } from 'amqplib';

/** Who writes to a {@link PublishingChannel}. */
export interface PublishingChannelOwner {
  /** It may be `ready`, for the first time or again. */
  onReady(): void;
  /** A mandatory message came back: no queue takes it. */
  onReturned(message: Message): void;
  /**
   * It has ended, and another will be opened. Not told where the connection ends with it.
   *
   * @param refusal - why the server closed it, where the server did.
   */
  onEnded(refusal: Error | undefined): void;
}

/** The channel with publisher confirms that messages are written to: one after the other, over one connection after the other. */
export class PublishingChannel {
  readonly #clock: Clock;
  readonly #owner: PublishingChannelOwner;
  #connection: ChannelModel | undefined;
  #channel: ConfirmChannel | undefined;
  #isBlocked = false;
  #isClosed = false;
  #cancelHold: CancelTimer | undefined;
  #cancelOpen: CancelTimer | undefined;

  constructor(clock: Clock, owner: PublishingChannelOwner) {
    this.#clock = clock;
    this.#owner = owner;
  }

  /** The channel, where it may be written to now. */
  get ready(): ConfirmChannel | undefined {
    return this.#isBlocked || this.#cancelHold !== undefined ? undefined : this.#channel;
  }

  /** Whether what is said about a channel still matters. */
  isCurrent(channel: ConfirmChannel): boolean {
    return this.#channel === channel;
  }

  /** Why a message that waits, or waits for its confirmation, does so for long. */
  get trouble(): string {
    if (this.#isBlocked) return 'RabbitMQ is short of memory or disk and takes no messages';
    return this.#channel === undefined ? 'RabbitMQ is away' : 'RabbitMQ does not answer';
  }

  /** Opens a channel of this connection, which is `ready` once `holdMs` have passed. */
  connected(connection: ChannelModel, holdMs: number): void {
    if (this.#isClosed) return;
    this.#connection = connection;
    this.#isBlocked = false;
    connection.on('blocked', () => {
      if (this.#connection === connection) this.#isBlocked = true;
    });
    connection.on('unblocked', () => {
      if (this.#connection !== connection) return;
      this.#isBlocked = false;
      this.#owner.onReady();
    });
    if (holdMs > 0) {
      this.#cancelHold = this.#clock.after(holdMs, () => {
        this.#cancelHold = undefined;
        this.#owner.onReady();
      });
    }
    void this.#open(connection);
  }

  /** The connection is gone, and the channel with it. */
  disconnected(): void {
    this.#connection = undefined;
    this.#channel = undefined;
    this.#cancelHold?.();
    this.#cancelHold = undefined;
    this.#cancelOpen?.();
  }

  /** Opens no more. The one that is open ends with its connection. */
  close(): void {
    this.#isClosed = true;
    this.#cancelHold?.();
    this.#cancelOpen?.();
  }

  async #open(connection: ChannelModel): Promise<void> {
    let refusal: Error | undefined;
    try {
      const channel = await connection.createConfirmChannel();
      channel.on('error', (error: Error) => {
        refusal = error;
      });
      channel.on('return', (message: Message) => this.#owner.onReturned(message));
      channel.on('close', () => {
        if (this.#channel === channel) this.#ended(connection, refusal);
      });
      if (this.#isClosed || this.#connection !== connection) return;
      this.#channel = channel;
      this.#owner.onReady();
    } catch {
      // The connection is lost, which brings another, or is out of channels.
      this.#openLater(connection);
    }
  }

  #ended(connection: ChannelModel, refusal: Error | undefined): void {
    this.#channel = undefined;
    this.#owner.onEnded(refusal);
    this.#openLater(connection);
  }

  #openLater(connection: ChannelModel): void {
    this.#cancelOpen?.();
    this.#cancelOpen = this.#clock.after(reopenMs, () => {
      if (!this.#isClosed && this.#connection === connection) void this.#open(connection);
    });
  }
}

const reopenMs = 250;
