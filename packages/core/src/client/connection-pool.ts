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
import type { Pulse, SignsOfLife } from './signs-of-life.js';

/**
 * One connection per node, dialled at its first call, shared by all further ones, and closed when it has been idle.
 */
export class ConnectionPool {
  readonly #loans = new Map<string, Loan>();
  /** The same by the node as the selector hands it out, which spares most calls the key. */
  readonly #byNode = new WeakMap<Node, Loan>();
  /** No longer lent: those that calls still use, and those that are being closed. */
  readonly #retiring = new Set<Loan>();
  readonly #transports: readonly Transport[];
  #cancelSweep: CancelTimer | undefined;
  #closed = false;

  /**
   * @param transports - in order of binding; the latest that reaches a node carries its calls.
   * @param signs - watches over the connections; absent: nobody does.
   */
  constructor(
    transports: readonly Transport[],
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly idleMs: number,
    private readonly signs?: SignsOfLife | undefined,
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
    let loan = this.#byNode.get(node);
    if (loan === undefined || loan.service !== service || !usable(loan)) loan = this.#find(node, service);
    loan.uses += 1;
    return loan;
  }

  /** @param now - in milliseconds of `Clock.now()`, from whoever has only just asked. */
  release(loan: Loan, now: number = this.clock.now()): void {
    loan.uses -= 1;
    if (loan.uses > 0) return;
    loan.idleSince = now;
    if (usable(loan)) return;
    this.#forget(loan);
    this.#closeUnused(loan);
  }

  /** Closes every connection, also those that are being dialled. Rejects, when all is done, with the first failure. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelSweep?.();
    const loans = [...this.#loans.values(), ...this.#retiring];
    this.#loans.clear();
    this.signs?.close();
    const settled = await Promise.allSettled(loans.map(closeLoan));
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
  }

  #find(node: Node, service: string): Loan {
    const key = [service, node.id, node.address].join('\0');
    let loan = this.#loans.get(key);
    if (loan !== undefined && !usable(loan)) {
      this.#forget(loan);
      if (loan.uses === 0) this.#closeUnused(loan);
      loan = undefined;
    }
    // The connection outlives the call that is the first to need it.
    loan ??= runOutsideCalls(() => this.#dial(key, node, service));
    this.#byNode.set(node, loan);
    return loan;
  }

  /** The next call to that node dials anew. */
  #forget(loan: Loan): void {
    loan.gone = true;
    if (loan.uses > 0) this.#retiring.add(loan);
    if (this.#loans.get(loan.key) === loan) this.#loans.delete(loan.key);
  }

  #dial(key: string, node: Node, service: string): Loan {
    const transport = this.#transportFor(node);
    const stop = new AbortController();
    const dial = async (): Promise<Connection> => transport.dial(node, { service, signal: stop.signal });
    const connection = dial().then(
      (dialled) => {
        loan.connection = dialled;
        loan.pulse = this.signs?.of(dialled, node, service);
        return dialled;
      },
      (thrown) => {
        this.#forget(loan);
        throw ServiceError.from(thrown, { code: 'Unavailable' }).with({ executed: 'no' });
      },
    );
    const idleSince = this.clock.now();
    const loan: Loan = { key, service, connection, pulse: undefined, stop, uses: 0, idleSince, gone: false };
    this.#loans.set(key, loan);
    this.#scheduleSweep();
    return loan;
  }

  #closeUnused(loan: Loan): void {
    this.#retiring.add(loan);
    loan.pulse?.forget();
    closeLoan(loan)
      .catch((error: unknown) => {
        this.logger.warn('an unused connection could not be closed', { error });
      })
      .finally(() => this.#retiring.delete(loan));
  }

  #transportFor(node: Node): Transport {
    // Of an address alone nobody knows what is spoken there: the first bound is asked first, which everybody understands.
    const inTurn = node.id === '' ? [...this.#transports].reverse() : this.#transports;
    for (const transport of inTurn) if (transport.reaches(node)) return transport;
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
      for (const loan of this.#loans.values()) {
        if (loan.uses > 0 || loan.idleSince > longAgo) continue;
        this.#forget(loan);
        this.#closeUnused(loan);
      }
      if (this.#loans.size > 0) this.#scheduleSweep();
    });
  }
}

/** A connection on loan. */
export interface Loan {
  readonly key: string;
  readonly service: string;
  /** A promise as long as it is being dialled. */
  connection: Connection | Promise<Connection>;
  /** Once it is dialled, where its wire has signs of life and somebody watches for them. */
  pulse: Pulse | undefined;
  /** Ends the dialling. */
  readonly stop: AbortController;
  uses: number;
  idleSince: number;
  /** It is closed, or could not be dialled: not to be lent again. */
  gone: boolean;
}

function usable({ gone, connection }: Loan): boolean {
  return !gone && (connection instanceof Promise || connection.ended !== true);
}

async function closeLoan({ connection, stop }: Loan): Promise<void> {
  if (connection instanceof Promise)
    stop.abort(new ServiceError('Unavailable', 'the connection was closed while it was dialled', { executed: 'no' }));
  // One that could not be dialled was reported to whoever wanted it; there is nothing to close.
  const dialled = await Promise.resolve(connection).catch(() => undefined);
  await dialled?.close();
}
