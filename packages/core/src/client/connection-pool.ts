import {
  type CancelTimer,
  type Clock,
  type Connection,
  type Logger,
  type Node,
  ServiceError,
  type Transport,
} from '@tenon/contract';
import { runOutsideCalls } from '../context/call-context.js';

/**
 * One connection per node, dialled at its first call, shared by all further ones, and closed when it has been idle.
 */
export class ConnectionPool {
  readonly #loans = new Map<string, Loan>();
  readonly #transports: readonly Transport[];
  #cancelSweep: CancelTimer | undefined;
  #closed = false;

  /** @param transports - in order of binding; the latest that reaches a node carries its calls. */
  constructor(
    transports: readonly Transport[],
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly idleMs: number,
  ) {
    this.#transports = [...transports].reverse();
  }

  /**
   * Lends the connection to a node: give it back by `release` when the call has ended, or was given up while dialling.
   *
   * Throws (and the connection, where it is still dialled, rejects with) `Unavailable`, `executed: 'no'`, where no
   * transport reaches the node or dialling fails; `FailedPrecondition` after `close`.
   */
  acquire(node: Node, service: string): Loan {
    if (this.#closed) throw new ServiceError('FailedPrecondition', 'the client is closed', { executed: 'no' });
    const key = [service, node.id, node.address].join('\0');
    // The connection outlives the call that is the first to need it.
    const loan = this.#loans.get(key) ?? runOutsideCalls(() => this.#dial(key, node, service));
    loan.uses += 1;
    return loan;
  }

  release(loan: Loan): void {
    loan.uses -= 1;
    if (loan.uses === 0) loan.idleSince = this.clock.now();
  }

  /** Closes every connection, also those that are being dialled. Rejects, when all is done, with the first failure. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep?.();
    const loans = [...this.#loans.values()];
    this.#loans.clear();
    const settled = await Promise.allSettled(loans.map(closeLoan));
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  #dial(key: string, node: Node, service: string): Loan {
    const transport = this.#transportFor(node);
    const stop = new AbortController();
    const dial = async (): Promise<Connection> => transport.dial(node, { service, signal: stop.signal });
    const connection = dial().then(
      (dialled) => {
        loan.connection = dialled;
        return dialled;
      },
      (thrown) => {
        // Not kept: the next call dials anew.
        if (this.#loans.get(key) === loan) this.#loans.delete(key);
        throw ServiceError.from(thrown, { code: 'Unavailable' }).with({ executed: 'no' });
      },
    );
    const loan: Loan = { connection, stop, uses: 0, idleSince: this.clock.now() };
    this.#loans.set(key, loan);
    this.#scheduleSweep();
    return loan;
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
      for (const [key, loan] of this.#loans) {
        if (loan.uses > 0 || loan.idleSince > longAgo) continue;
        this.#loans.delete(key);
        closeLoan(loan).catch((error: unknown) => {
          this.logger.warn('an idle connection could not be closed', { error });
        });
      }
      if (this.#loans.size > 0) this.#scheduleSweep();
    });
  }
}

/** A connection on loan. */
export interface Loan {
  /** A promise as long as it is being dialled. */
  connection: Connection | Promise<Connection>;
  /** Ends the dialling. */
  readonly stop: AbortController;
  uses: number;
  idleSince: number;
}

async function closeLoan({ connection, stop }: Loan): Promise<void> {
  if (connection instanceof Promise)
    stop.abort(new ServiceError('Unavailable', 'the connection was closed while it was dialled', { executed: 'no' }));
  // One that could not be dialled was reported to whoever wanted it; there is nothing to close.
  const dialled = await Promise.resolve(connection).catch(() => undefined);
  await dialled?.close();
}
