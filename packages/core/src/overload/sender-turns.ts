import type { Peer } from '@tenon/contract';
import { Turns } from './turns.js';

/** Whoever sends calls: the other end of a connection, as a rule. */
export type Sender = Pick<Peer, 'address' | 'transport' | 'protocol'>;

/** What stands in line behind others of its sender. The last two fields belong to the turns. */
export interface InTurn<W> {
  readonly sender: Sender;
  /** Its neighbours in the line of its sender. */
  ahead: W | undefined;
  behind: W | undefined;
}

/**
 * Gives each client a turn, and then the next, however many calls one has in line: who sends ten thousand at once waits for them
 * itself, and nobody else does. Of one sender whoever came first is first.
 *
 * A client is what comes from one host by one protocol, and its connections have turns within its own: whoever puts all calls on one
 * connection gets as much as whoever opens one for each.
 */
export class SenderTurns<W extends InTurn<W>> {
  readonly #clients = new Turns<string, Turns<Sender, Line<W>>>();
  readonly #names = new WeakMap<Sender, string>();

  push(waiting: W): void {
    const { sender } = waiting;
    const name = this.#nameOf(sender);
    const client = this.#clients.get(name) ?? this.#clients.add(name, new Turns());
    const line = client.get(sender);
    if (line === undefined) {
      client.add(sender, { first: waiting, last: waiting });
      return;
    }
    waiting.ahead = line.last;
    line.last.behind = waiting;
    line.last = waiting;
  }

  /** Whose turn it is; the turn after that is another client's, if there is one. It stays in line until it is removed. */
  next(): W | undefined {
    return this.#clients.next()?.next()?.first;
  }

  /** Takes one out that stands in line. */
  remove(waiting: W): void {
    const { sender, ahead, behind } = waiting;
    const name = this.#nameOf(sender);
    const client = this.#clients.get(name);
    const line = client?.get(sender);
    if (client === undefined || line === undefined) return;
    if (ahead === undefined && behind === undefined) {
      client.delete(sender);
      if (client.isEmpty) this.#clients.delete(name);
      return;
    }
    if (ahead === undefined) line.first = behind as W;
    else ahead.behind = behind;
    if (behind === undefined) line.last = ahead as W;
    else behind.ahead = ahead;
    waiting.ahead = undefined;
    waiting.behind = undefined;
  }

  #nameOf(sender: Sender): string {
    let name = this.#names.get(sender);
    if (name === undefined) {
      const { address, transport, protocol = '' } = sender;
      name = `${transport} ${protocol} ${hostOf(address)}`;
      this.#names.set(sender, name);
    }
    return name;
  }
}

/** Of `host:port`; all of an address that has no port. */
function hostOf(address: string): string {
  const end = address.lastIndexOf(':');
  return end < 0 ? address : address.slice(0, end);
}

/** The calls of one sender. */
interface Line<W> {
  first: W;
  last: W;
}
