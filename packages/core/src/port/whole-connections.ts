import { AsyncResource } from 'node:async_hooks';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { CancelTimer, Clock, Logger, WholeRequestClaim } from '@tenon/contract';
import type { ResolvedSharedPortOptions } from './shared-port-options.js';
import { WholeConnection, type WholeConnectionKeeper } from './whole-connection.js';

/** What {@link WholeConnections} works with. */
export interface WholeConnectionsParts {
  readonly options: ResolvedSharedPortOptions;
  readonly claim: WholeRequestClaim;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Takes a connection that has come to what is not served here, with everything that it has not been answered. */
  readonly handOver: (socket: Socket) => void;
}

/**
 * The HTTP/1.1 connections whose requests have all been plain and whole so far, served without Node's HTTP.
 *
 * Node's request, response and parser cost more than all of Tenon does for a small call. They are general; this is not:
 * what it does not know is Node's from there on, and so is every limit that needs a clock while a request arrives.
 */
export class WholeConnections implements WholeConnectionKeeper {
  readonly limits: ResolvedSharedPortOptions;
  readonly claim: WholeRequestClaim;
  readonly scope = new AsyncResource('TenonWholeConnections');
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #handOver: (socket: Socket) => void;
  readonly #connections = new Set<WholeConnection>();
  readonly #keepAlive: string;
  #cancelSweep: CancelTimer;
  #draining = false;
  #date = '';
  #fieldsOfOne: readonly [name: string, value: string, text: string] = ['', '', ''];

  constructor({ options, claim, logger, clock, handOver }: WholeConnectionsParts) {
    this.limits = options;
    this.claim = claim;
    this.#logger = logger;
    this.#clock = clock;
    this.#handOver = handOver;
    this.#keepAlive = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(options.keepAliveMs / 1_000)}\r\n`;
    this.#cancelSweep = this.#nextSweep();
  }

  get draining(): boolean {
    return this.#draining;
  }

  add(socket: Socket): void {
    this.#connections.add(new WholeConnection(socket, this));
  }

  /** From here on each answer says `Connection: close`, and idle connections end after the grace. */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections) connection.drain();
  }

  /** Ends every connection at once. */
  destroy(): void {
    this.#cancelSweep();
    for (const { socket } of this.#connections) socket.destroy();
  }

  headOf(status: number, fields: readonly string[], length: number, close: boolean): string {
    const first = status === 200 ? okLine : `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n`;
    const last = close ? closeLine : this.#keepAlive;
    return `${first}${this.#textOf(fields)}content-length: ${length}\r\n${this.#date}${last}\r\n`;
  }

  handOver(connection: WholeConnection): void {
    this.#connections.delete(connection);
    this.#handOver(connection.socket);
  }

  onClosed(connection: WholeConnection): void {
    this.#connections.delete(connection);
  }

  onThrown(thrown: unknown): void {
    this.#logger.error('a claim of the port threw', { error: thrown });
  }

  /** Most answers have one field, and the same as the last. */
  #textOf(fields: readonly string[]): string {
    const [name = '', value = ''] = fields;
    if (fields.length !== 2) return checkedFields(fields);
    const known = this.#fieldsOfOne;
    if (known[0] === name && known[1] === value) return known[2];
    const text = checkedFields(fields);
    this.#fieldsOfOne = [name, value, text];
    return text;
  }

  #nextSweep(): CancelTimer {
    this.#date = `Date: ${new Date().toUTCString()}\r\n`;
    return this.#clock.after(Math.min(sweepMs, this.limits.replyTimeoutMs), () => {
      const now = this.#clock.now();
      for (const connection of this.#connections) connection.sweep(now);
      this.#cancelSweep = this.#nextSweep();
    });
  }
}

/** @throws TypeError for what could end a line, or the head, before its time. */
function checkedFields(fields: readonly string[]): string {
  let text = '';
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? '';
    const value = fields[index + 1] ?? '';
    if (!token.test(name) || notInValues.test(value)) {
      throw new TypeError(`header field ${JSON.stringify(name)} of an answer has a character that no field may have`);
    }
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const notInValues = /[^\t\x20-\x7e\x80-\xff]/;
const okLine = 'HTTP/1.1 200 OK\r\n';
const closeLine = 'Connection: close\r\n';
const sweepMs = 1_000;
