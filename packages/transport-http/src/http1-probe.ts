import type { Socket } from 'node:net';
import type { CancelTimer, Clock } from '@tenon/contract';
import { LifeSigns } from '@tenon/contract/authoring';
import type { Dialer } from '@tenon/http';

/**
 * Asks a node for a sign of life over HTTP/1.1: on a socket of its own, because those with calls wait for their answers. Asks
 * with `OPTIONS *`, which no application sees and any answer will do for; under TLS the handshake is answer enough.
 */
export class Http1Probe {
  readonly #dialer: Dialer;
  readonly #request: string;
  readonly #clock: Clock;
  readonly #signs: LifeSigns;
  #socket: Socket | undefined = undefined;
  #cancelLife: CancelTimer | undefined = undefined;
  #busy = false;

  /** @param host - as it stands in the `Host` field. */
  constructor(dialer: Dialer, host: string, clock: Clock) {
    this.#dialer = dialer;
    this.#request = `OPTIONS * HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    this.#clock = clock;
    this.#signs = new LifeSigns(clock);
  }

  /**
   * @param busy - whether calls are under way. A node that then refuses connections drains, for the system of one that is gone
   * would have ended them; without calls it tells of nobody who lives.
   */
  ask(timeoutMs: number, busy: boolean): Promise<boolean> {
    this.#busy = busy;
    const answer = this.#signs.within(timeoutMs);
    if (this.#socket === undefined) this.#dial();
    return answer;
  }

  destroy(): void {
    this.#leave();
    this.#signs.end();
  }

  #dial(): void {
    const { readyEvent } = this.#dialer;
    const socket = this.#dialer.dial();
    this.#socket = socket;
    // It outlives one question, so that whoever asks often is not told of a node that is only far away.
    this.#cancelLife = this.#clock.after(lifeMs, () => this.#leave());
    socket.on('error', (error: NodeJS.ErrnoException) => this.#ended(socket, !unheard.has(error.code ?? '')));
    socket.on('close', () => this.#ended(socket, true));
    socket.once('data', () => this.#heard(socket));
    socket.once(readyEvent, () => {
      if (readyEvent === 'secureConnect') this.#heard(socket);
      else socket.write(this.#request);
    });
  }

  #heard(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#leave();
    this.#signs.heard();
  }

  #ended(socket: Socket, byAnswer: boolean): void {
    if (socket !== this.#socket) return;
    this.#leave();
    if (byAnswer && this.#busy) this.#signs.heard();
    else this.#signs.end();
  }

  #leave(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#cancelLife?.();
    socket?.destroy();
  }
}

/** Errors of a way that leads nowhere. Any other is an answer, if only of the node's system, or a shortage of this side. */
const unheard: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOTFOUND',
  'ETIMEDOUT',
]);
/** Room for one lost packet, as in connecting. */
const lifeMs = 2_000;
