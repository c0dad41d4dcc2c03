/** @import { Lease, LeaseState, ServiceError, ServiceRecord } from '@tenon/contract' */

/** @typedef {(state: LeaseState, reason?: ServiceError) => void} LeaseListener */

/** Our claim on one entry of our file. @implements {Lease} */
export class FileLease {
  /** @type {LeaseState} */
  state = 'held';
  /** Until when the file promises the entry, in wall time: other processes read it. */
  expiresAt = 0;
  /** @type {Set<LeaseListener>} */
  #listeners = new Set();
  #giveBack;

  /** @param {ServiceRecord} record @param {number} ttlMs @param {() => void} giveBack takes the entry out of the file */
  constructor(record, ttlMs, giveBack) {
    /** @type {ServiceRecord} a copy: the caller may change theirs */
    this.record = JSON.parse(JSON.stringify(record));
    this.ttlMs = ttlMs;
    this.#giveBack = giveBack;
  }

  /** @param {LeaseListener} listener */
  onChange(listener) {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async release() {
    if (this.state === 'released') return;
    this.become('released');
    this.#giveBack();
  }

  /** @param {number} now */
  isDue(now) {
    return now >= this.expiresAt - (this.ttlMs * 2) / 3;
  }

  /** @param {LeaseState} state @param {ServiceError} [reason] */
  become(state, reason) {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.#listeners) listener(state, reason);
  }
}
