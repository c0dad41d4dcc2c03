import { ServiceError } from '@tenon/contract';

/**
 * The keys of a cluster. The primary one encrypts, every one decrypts, so that a key is changed without an outage: `install` the new one
 * on every member, `use` it on every member, `remove` the old one from every member.
 */
export class Keyring {
  /** The primary key first. */
  #keys: readonly Buffer[];

  /** @param keys - 16, 24 or 32 bytes each (AES-128, AES-192, AES-256), the primary one first; none: nothing is encrypted. */
  constructor(keys: readonly Uint8Array[] = []) {
    this.#keys = [];
    for (const key of keys) this.install(key);
  }

  /** The primary key first. Empty where nothing is encrypted. */
  get keys(): readonly Buffer[] {
    return this.#keys;
  }

  get primary(): Buffer | undefined {
    return this.#keys[0];
  }

  /** Adds a key that decrypts. The first one of all also encrypts. A key that is there already is no error. */
  install(key: Uint8Array): void {
    const checked = checkedKey(key);
    if (this.#find(checked) === undefined) this.#keys = Object.freeze([...this.#keys, checked]);
  }

  /** Encrypts with this key from now on. Throws `FailedPrecondition` where it was not installed. */
  use(key: Uint8Array): void {
    const primary = this.#find(checkedKey(key));
    if (primary === undefined) throw refused('a key that was not installed cannot be used');
    this.#keys = Object.freeze([primary, ...this.#keys.filter((other) => other !== primary)]);
  }

  /** Takes a key away. Throws `FailedPrecondition` where it is the primary one; one that is not there is no error. */
  remove(key: Uint8Array): void {
    const gone = this.#find(checkedKey(key));
    if (gone === undefined) return;
    if (gone === this.primary) throw refused('the key that encrypts cannot be removed: use another one first');
    this.#keys = Object.freeze(this.#keys.filter((other) => other !== gone));
  }

  #find(key: Buffer): Buffer | undefined {
    return this.#keys.find((other) => other.equals(key));
  }
}

function checkedKey(key: Uint8Array): Buffer {
  if (key instanceof Uint8Array && [16, 24, 32].includes(key.length)) return Buffer.from(key);
  // Says nothing of the key itself: it would stand in logs.
  throw new ServiceError('InvalidArgument', 'a gossip key must be 16, 24 or 32 bytes', { executed: 'no' });
}

function refused(message: string): ServiceError {
  return new ServiceError('FailedPrecondition', message, { executed: 'no' });
}
