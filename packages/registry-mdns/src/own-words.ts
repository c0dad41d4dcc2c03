import type { DnsRecord } from './dns-record.js';

/**
 * What this registry has said about its instances: it hears itself, late at times, and must not take its own earlier word for that of
 * somebody else who claims the same name.
 */
export class OwnWords {
  readonly #said = new Set<string>();

  said(records: readonly DnsRecord[]): void {
    for (const print of printsOf(records).values()) {
      this.#said.delete(print);
      this.#said.add(print);
    }
    for (const oldest of this.#said) {
      if (this.#said.size <= maxSaid) break;
      this.#said.delete(oldest);
    }
  }

  /** Whether every one of these was said here. */
  isOwn(prints: Iterable<string>): boolean {
    for (const print of prints) if (!this.#said.has(print)) return false;
    return true;
  }
}

/** One text for each SRV and TXT record, by the name and type that it is of. */
export function printsOf(records: readonly DnsRecord[]): ReadonlyMap<string, string> {
  const prints = new Map<string, string>();
  for (const { name, type, data } of records) {
    if (type === 'SRV') prints.set(`${name} SRV`, `${name} ${data.target}:${data.port}`);
    if (type === 'TXT') prints.set(`${name} TXT`, `${name} ${Buffer.concat(data).toString('latin1')}`);
  }
  return prints;
}

const maxSaid = 20_000;
