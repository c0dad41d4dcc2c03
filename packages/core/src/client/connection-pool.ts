import {
  type CancelTimer,
  type Clock,
  type Connection,
  type Node,
  ServiceError,
  type Transport,
} from '@tenon/contract';

/**
 * One connection per node, dialled at its first call, shared by all further ones, and closed when it has been idle.
 */
export class ConnectionPool {
  readonly #entries = new Map<string, Entry>();
  readonly #transports: readonly Transport[];
  #cancelSweep: CancelTimer | undefined;
  #closed = false;

  /** @param transports - in order of binding; the latest that reaches a node carries its calls. */
  constructor(
    transports: readonly Transport[],
    private readonly clock: Clock,
    private readonly idleMs: number,
  ) {
    this.#transports = [...transports].reverse();
  }

  /**
   * Lends the connection to a node: give it back by `release` when the call has ended.
   *
   * Rejects with `Unavailable`, `executed: 'no'`, where no transport reaches the node or dialling fails.
   */
  async acquire(node: Node, service: string): Promise<Lent> {
    if (this.#closed) throw new ServiceError('FailedPrecondition', 'the client is closed', { executed: 'no' });
    const key = `${service} ${node.id} ${node.address}`;
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { connection: this.#transportFor(node).dial(node, { service }), uses: 0, idleSince: 0 };
      this.#entries.set(key, entry);
      this.#scheduleSweep();
    }
    entry.uses += 1;
    try {
      return { connection: await entry.connection, entry };
    } catch (thrown) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw ServiceError.from(thrown, { code: 'Unavailable', executed: 'no' });
    }
  }

  release({ entry }: Lent): void {
    entry.uses -= 1;
    if (entry.uses === 0) entry.idleSince = this.clock.now();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep?.();
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(closeEntry));
  }

  #transportFor(node: Node): Transport {
    for (const transport of this.#transports) if (transport.reaches(node)) return transport;
    const bound = this.#transports.map((transport) => transport.name).join(', ') || 'none';
    throw new ServiceError(
      'Unavailable',
      `no bound transport (${bound}) reaches node "${node.id}" at ${node.address}, which offers ${node.metadata['tenon-protocols'] ?? node.metadata['protocol'] ?? 'no protocol'}`,
      { executed: 'no', node: node.id },
    );
  }

  /** One timer for all connections, running only while there are any. */
  #scheduleSweep(): void {
    this.#cancelSweep ??= this.clock.after(this.idleMs, () => {
      this.#cancelSweep = undefined;
      const longAgo = this.clock.now() - this.idleMs;
      for (const [key, entry] of this.#entries) {
        if (entry.uses > 0 || entry.idleSince > longAgo) continue;
        this.#entries.delete(key);
        void closeEntry(entry);
      }
      if (this.#entries.size > 0) this.#scheduleSweep();
    });
  }
}

/** A connection on loan. */
export interface Lent {
  readonly connection: Connection;
  readonly entry: Entry;
}

interface Entry {
  readonly connection: Promise<Connection>;
  uses: number;
  idleSince: number;
}

async function closeEntry(entry: Entry): Promise<void> {
  // A connection that could not be dialled was reported to whoever wanted it; there is nothing to close.
  const connection = await entry.connection.catch(() => undefined);
  await connection?.close();
}
