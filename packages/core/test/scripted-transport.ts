import type { Call, Connection, EndpointKind, Listener, Node, Reply, Transport } from '@tenon/contract';
import { noMetadata, ServiceError } from '@tenon/contract';

type Answer = (call: Call) => Reply | Promise<Reply>;

/** A transport without a wire: each address answers as the test says, and what happens is counted. */
export class ScriptedTransport implements Transport {
  readonly kinds: readonly EndpointKind[] = ['unary'];
  readonly dials: Node[] = [];
  readonly calls: { readonly address: string; readonly call: Call }[] = [];
  closes = 0;
  /** What dialling waits for, or fails with. */
  beforeDial: (options: { readonly signal?: AbortSignal | undefined }) => void | Promise<void> = () => {};
  /** What closing a connection waits for, or fails with. */
  beforeClose: () => void | Promise<void> = () => {};
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
    return {
      unary: async (call) => {
        this.calls.push({ address: node.address, call });
        const answers = this.#answers.get(node.address) ?? [];
        const answer = answers.length > 1 ? answers.shift() : answers[0];
        if (answer === undefined) throw new Error(`nobody said how ${node.address} answers`);
        return answer(call);
      },
      drain: async () => {},
      close: async () => {
        this.closes += 1;
        await this.beforeClose();
      },
    };
  }

  listen(): Promise<Listener> {
    return Promise.reject(new ServiceError('Unimplemented', 'this transport only dials'));
  }
}

export function replying(value: unknown): Answer {
  return () => ({ value, metadata: noMetadata });
}

export function failing(...error: ConstructorParameters<typeof ServiceError>): Answer {
  return () => {
    throw new ServiceError(...error);
  };
}
