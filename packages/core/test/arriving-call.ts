import { type IncomingCall, noMetadata, type Schema, ServiceError } from '@tenon/contract';

/** A call as a transport would bring it, whose caller can be made to leave. */
export class ArrivingCall implements IncomingCall {
  readonly service: string = 'greeter';
  readonly endpoint: string = 'Greeter.Hello';
  readonly metadata: IncomingCall['metadata'] = noMetadata;
  readonly deadline: number = Number.POSITIVE_INFINITY;
  readonly peer = Object.freeze({ address: '127.0.0.1:5', transport: 'scripted' });
  readonly contentType = 'application/json';
  readonly node: string | undefined = undefined;
  readonly decoded: (Schema | undefined)[] = [];
  /** What decoding yields, or throws. */
  read: () => unknown = () => ({ name: 'Ada' });
  readonly #listeners: ((reason: ServiceError) => void)[] = [];

  constructor(
    changes: Partial<Pick<IncomingCall, 'service' | 'endpoint' | 'metadata' | 'deadline' | 'node'>> & {
      readonly read?: () => unknown;
    } = {},
  ) {
    Object.assign(this, changes);
  }

  decode(schema?: Schema): unknown {
    this.decoded.push(schema);
    return this.read();
  }

  onCancel(listener: (reason: ServiceError) => void): void {
    this.#listeners.push(listener);
  }

  cancel(reason = new ServiceError('Canceled', 'the caller left')): void {
    for (const listener of this.#listeners.splice(0)) listener(reason);
  }
}
