/** What stands in line behind others of its sender. The last two fields belong to the turns. */
export interface InTurn<W> {
  /** Whoever sent it: a connection, as a rule. */
  readonly sender: object;
  /** Its neighbours in the line of its sender. */
  ahead: W | undefined;
  behind: W | undefined;
}

/**
 * Gives each sender a turn, and then the next, however many calls one has in line: who sends ten thousand at once waits for them
 * itself, and nobody else does. Of one sender whoever came first is first.
 */
export class SenderTurns<W extends InTurn<W>> {
  /** In the order of their turns. */
  readonly #lines = new Map<object, { first: W; last: W }>();

  push(waiting: W): void {
    const line = this.#lines.get(waiting.sender);
    if (line === undefined) {
      this.#lines.set(waiting.sender, { first: waiting, last: waiting });
      return;
    }
    waiting.ahead = line.last;
    line.last.behind = waiting;
    line.last = waiting;
  }

  /** Whose turn it is; the turn after that is another sender's, if there is one. It stays in line until it is removed. */
  next(): W | undefined {
    for (const [sender, line] of this.#lines) {
      if (this.#lines.size > 1) {
        this.#lines.delete(sender);
        this.#lines.set(sender, line);
      }
      return line.first;
    }
    return undefined;
  }

  /** Takes one out that stands in line. */
  remove(waiting: W): void {
    const { sender, ahead, behind } = waiting;
    const line = this.#lines.get(sender);
    if (line === undefined) return;
    if (ahead === undefined && behind === undefined) {
      this.#lines.delete(sender);
      return;
    }
    if (ahead === undefined) line.first = behind as W;
    else ahead.behind = behind;
    if (behind === undefined) line.last = ahead as W;
    else behind.ahead = ahead;
    waiting.ahead = undefined;
    waiting.behind = undefined;
  }
}
