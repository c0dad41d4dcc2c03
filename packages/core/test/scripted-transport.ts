import type { Call, Connection, EndpointKind, Listener, Node, Reply, ReplyListener, Transport } from '@tenon/contract';
import { noMetadata, ServiceError } from '@tenon/contract';

type Answer = (call: Call) => Reply | Promise<Reply>;

/** A connection whose end the test says. */
export interface ScriptedConnection extends Connection {
  ended: boolean;
  closed: boolean;
}

/** A transport without a wire: each address answers as the test says, and what happens is counted. */
export class ScriptedTransport implements Transport {
  readonly kinds: readonly EndpointKind[] = ['unary', 'server', 'client', 'bidi'];
  readonly dials: Node[] = [];
  readonly calls: { readonly address: string; readonly call: Call }[] = [];
  /** What was dialled, in order. */
  readonly connections: ScriptedConnection[] = [];
  closes = 0;
  /** What dialling waits for, or fails with. */
  beforeDial: (options: { readonly signal?: AbortSignal | undefined }) => void | Promise<void> = () => {};
  /** What closing a connection waits for, or fails with. */
  beforeClose: () => void | Promise<void> = () => {};
  /** Whether its connections answer by call-back too. */
  byCallBack = true;
  /** Carries the calls itself, in place of the answers. */
  bySend: Connection['send'];
  /** How an address answers when it is asked for a sign of life; undefined where the wire has none. */
  probe: ((address: string, timeoutMs: number) => Promise<boolean>) | undefined;
  readonly #answers = new Map<string, Answer[]>();

  constructor(
    readonly name = 'scripted',
    private readonly reached: (node: Node) => boolean = () => true,
  ) {}

  /** How an address answers, call by call; the last answer stays. */
  answer(address: string, ...answers: Answer[]): this {
    this.#answers.set(address, answers);
    return this;
  }

  reaches(node: Node): boolean {
    return this.reached(node);
  }

  async dial(node: Node, options: { readonly signal?: AbortSignal | undefined }): Promise<Connection> {
    this.dials.push(node);
    await this.beforeDial(options);
    const carry = async (call: Call): Promise<Reply> => this.#carry(node.address, call);
    const send = (call: Call, listener: ReplyListener, now?: number): void => {
      if (this.bySend !== undefined) {
        this.bySend(call, listener, now);
        return;
      }
      carry(call).then(
        (reply) => listener.onReply(reply),
        (error) => listener.onFailure(error),
      );
    };
    const connection: ScriptedConnection = {
      ended: false,
      closed: false,
      unary: carry,
      ...(this.byCallBack ? { send } : {}),
      stream: carry,
      ...(this.probe === undefined
        ? {}
        : { probe: async (timeoutMs: number) => this.probe?.(node.address, timeoutMs) ?? false }),
      drain: async () => {},
      close: async () => {
        connection.closed = true;
        this.closes += 1;
        await this.beforeClose();
      },
    };
    this.connections.push(connection);
    return connection;
  }

  listen(): Promise<Listener> {
    return Promise.reject(new ServiceError('Unimplemented', 'this transport only dials'));
  }

  #carry(address: string, call: Call): Reply | Promise<Reply> {
    this.calls.push({ address, call });
    const answers = this.#answers.get(address) ?? [];
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === undefined) throw new Error(`nobody said how ${address} answers`);
    return answer(call);
  }
}

export function replying(value: unknown): Answer {
  return () => ({ value, metadata: noMetadata });
}

/** Answers a stream with replies. */
export function streaming(messages: AsyncIterable<unknown>): Answer {
  return () => ({ value: undefined, messages, metadata: noMetadata });
}

export function failing(...error: ConstructorParameters<typeof ServiceError>): Answer {
  return () => {
    throw new ServiceError(...error);
  };
}
