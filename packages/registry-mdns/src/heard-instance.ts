import type { ServiceRecord } from '@tenon/contract';
import { isTenons, readBrowser } from './browser-form.js';
import type { ServiceTarget } from './dns-record.js';
import { type MicroText, readMicro, readMicroText } from './micro-form.js';

/** An instance that somebody announced, as far as it was heard: whole once its target, its text and its address are known. */
export class HeardInstance {
  readonly name: string;
  readonly isMicro: boolean;
  target: ServiceTarget | undefined;
  #targetEndsAt = 0;
  #strings: readonly Buffer[] = [];
  #bytes: Buffer | undefined;
  #textEndsAt = 0;
  /** Addresses that came in the packet of its target: hosts that many nodes share may have others. */
  addresses: readonly string[] = [];
  /** From when to when it is to be asked for again. */
  lifeMs = 0;
  #text: MicroText | undefined;
  #built: { readonly from: string; readonly bytes: Buffer; readonly record: ServiceRecord | undefined } | undefined;

  constructor(name: string, isMicro: boolean) {
    this.name = name;
    this.isMicro = isMicro;
  }

  get endsAt(): number {
    return Math.min(this.#targetEndsAt, this.#textEndsAt);
  }

  get textBytes(): number {
    return this.#bytes?.length ?? 0;
  }

  get isWhole(): boolean {
    return this.target !== undefined && this.#bytes !== undefined;
  }

  /** What tells one value of it from the next, for warnings. */
  get fingerprint(): string {
    return `${this.target?.port} ${this.#bytes?.toString('latin1') ?? ''}`;
  }

  /** Whether it is one of Tenon's own for browsers, of which its form for go-micro says more. */
  get isCopy(): boolean {
    return !this.isMicro && isTenons(this.#strings);
  }

  heardTarget(target: ServiceTarget, endsAt: number): void {
    this.target = target;
    this.#targetEndsAt = endsAt;
  }

  heardText(strings: readonly Buffer[], endsAt: number): void {
    this.#textEndsAt = endsAt;
    const bytes = Buffer.concat(strings);
    if (this.#bytes?.equals(bytes) === true) return;
    this.#strings = strings.map((string) => Buffer.from(string));
    this.#bytes = bytes;
    this.#text = undefined;
  }

  /** Lives on until then at least. */
  extend(endsAt: number): void {
    this.#targetEndsAt = Math.max(this.#targetEndsAt, endsAt);
    this.#textEndsAt = Math.max(this.#textEndsAt, endsAt);
  }

  /**
   * Its record: the same object while nothing has changed; undefined while something is missing.
   *
   * @throws ServiceError `DataLoss` where it cannot be used.
   */
  recordAt(hostAddresses: readonly string[]): ServiceRecord | undefined {
    const bytes = this.#bytes;
    if (this.target === undefined || bytes === undefined) return undefined;
    const addresses = this.addresses.length > 0 ? this.addresses : hostAddresses;
    const from = `${this.target.target}:${this.target.port} ${addresses[0] ?? ''}`;
    if (this.#built?.from === from && this.#built.bytes === bytes) return this.#built.record;
    this.#built = { from, bytes, record: undefined };
    const record = this.#read(this.target, addresses);
    this.#built = { from, bytes, record };
    return record;
  }

  #read(target: ServiceTarget, addresses: readonly string[]): ServiceRecord | undefined {
    if (!this.isMicro) return readBrowser(this.name, target, this.#strings, addresses);
    this.#text ??= readMicroText(this.#strings);
    return readMicro(this.name, target, this.#text, addresses);
  }
}
