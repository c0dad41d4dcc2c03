import {
  type Broker,
  type CallHandler,
  type Delivery,
  type Lease,
  type LeaseState,
  type Listener,
  type Metadata,
  noMetadata,
  type Port,
  type RegisterOptions,
  type Registry,
  type RegistryCapabilities,
  ServiceError,
  type ServiceRecord,
  type SubscribeOptions,
  type Subscription,
  type Transport,
} from '@tenon/contract';

/** What a server did with its parts, in order. A step whose name stands in `before` waits for it, or fails with it. */
export class Journal {
  readonly steps: string[] = [];
  readonly before = new Map<string, () => void | Promise<void>>();

  async note(step: string): Promise<void> {
    this.steps.push(step);
    await this.before.get(step)?.();
  }
}

/** A transport that hears whatever it is told, over the port or at an address of its own. */
export class JournalledTransport implements Transport {
  readonly kinds = ['unary'] as const;
  handler: CallHandler | undefined;
  port: Port | undefined;

  constructor(
    private readonly journal: Journal,
    readonly name = 'stub',
    private readonly settings: { readonly overTcp?: boolean; readonly metadata?: Metadata } = {},
  ) {}

  reaches(): boolean {
    return false;
  }

  dial(): Promise<never> {
    return Promise.reject(new ServiceError('Unimplemented', 'this transport only listens'));
  }

  async listen(port: Port, handler: CallHandler): Promise<Listener> {
    const { journal, name, settings } = this;
    await journal.note(`listen ${name}`);
    this.handler = handler;
    this.port = port;
    if (settings.overTcp === true) port.claimHttp({ name, accepts: () => false, handle: () => {} });
    return {
      address: settings.overTcp === true ? '' : `${name}:${port.instance}`,
      ...(settings.metadata === undefined ? {} : { metadata: settings.metadata }),
      drain: () => journal.note(`drain ${name}`),
      close: () => journal.note(`close ${name}`),
    };
  }
}

/** Who serves the calls of a transport that listens. */
export function handlerOf({ handler }: JournalledTransport): CallHandler {
  if (handler === undefined) throw new Error('this transport does not listen');
  return handler;
}

export class JournalledBroker implements Broker {
  readonly capabilities = {
    delivery: 'atMostOnce',
    levels: { atMostOnce: { whileDown: 'rejects', patterns: false, replays: false, outlives: 'nothing' } },
  } as const;
  readonly contentType = 'application/json';
  readonly subscriptions: { readonly options: SubscribeOptions; readonly deliver: (delivery: Delivery) => unknown }[] =
    [];

  constructor(private readonly journal: Journal) {}

  async subscribe(
    topic: string,
    deliver: (delivery: Delivery) => Promise<void>,
    options: SubscribeOptions = {},
  ): Promise<Subscription> {
    await this.journal.note(`subscribe ${topic}`);
    this.subscriptions.push({ options, deliver });
    return {
      topic,
      drain: () => this.journal.note(`drain ${topic}`),
      close: () => this.journal.note(`unsubscribe ${topic}`),
    };
  }

  async publish(): Promise<void> {}

  async close(): Promise<void> {}
}

export class JournalledRegistry implements Registry {
  readonly registered: { readonly record: ServiceRecord; readonly options: RegisterOptions }[] = [];
  readonly leases: JournalledLease[] = [];

  constructor(
    private readonly journal: Journal,
    readonly capabilities: RegistryCapabilities = {
      expires: true,
      consistency: {
        register: { level: 'strong', whenCutOff: 'refuses' },
        lookup: { level: 'strong', whenCutOff: 'refuses' },
        cachedCall: { level: 'eventual', whenCutOff: 'answers' },
      },
      reach: 'process',
    },
  ) {}

  async register(record: ServiceRecord, options: RegisterOptions): Promise<Lease> {
    await this.journal.note(`register ${record.name}`);
    this.registered.push({ record, options });
    const lease = new JournalledLease(() => this.journal.note(`release ${record.name}`));
    this.leases.push(lease);
    return lease;
  }

  async lookup(): Promise<readonly ServiceRecord[]> {
    return [];
  }

  async list(): Promise<readonly string[]> {
    return [];
  }

  async *watch(): AsyncGenerator<never> {}

  async close(): Promise<void> {}
}

export class JournalledLease implements Lease {
  state: LeaseState = 'held';
  readonly #listeners = new Set<(state: LeaseState, reason?: ServiceError) => void>();

  constructor(readonly release: () => Promise<void>) {}

  onChange(listener: (state: LeaseState, reason?: ServiceError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  become(state: LeaseState, reason?: ServiceError): void {
    this.state = state;
    for (const listener of this.#listeners) listener(state, reason);
  }
}

/** One delivery of a JSON body. */
export function deliveryOf(value: unknown, changes: Partial<Delivery['message']> = {}): Delivery {
  const body = Buffer.from(JSON.stringify(value));
  const message = { id: 'm1', timeMs: 0, contentType: 'application/json', body, metadata: noMetadata, ...changes };
  return { topic: 'user.created', message, attempt: 1 };
}
