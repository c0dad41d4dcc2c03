/** One key as it stands in etcd. */
export interface EtcdKey {
  readonly key: string;
  readonly value: string;
  /** The revision at which it was put where there was none. */
  readonly createdAt: number;
  /** The lease that it hangs on; `0` for none. */
  readonly lease: string;
}

/** Looks into an etcd and meddles with it, past every client: by its JSON over HTTP. */
export class EtcdKeys {
  /** @param address - `host:port` */
  constructor(private readonly address: string) {}

  /** The keys that begin with a prefix, in order. */
  async list(prefix: string): Promise<readonly EtcdKey[]> {
    const answer = await this.#ask('range', { key: base64(prefix), range_end: base64(after(prefix)) });
    const found = (answer['kvs'] ?? []) as readonly Record<string, string>[];
    return found.map(({ key = '', value = '', create_revision: createdAt, lease = '0' }) => {
      return { key: text(key), value: text(value), createdAt: Number(createdAt), lease };
    });
  }

  async put(key: string, value: string): Promise<void> {
    await this.#ask('put', { key: base64(key), value: base64(value) });
  }

  /** Many of about the same size, in no order. */
  async putAll(values: ReadonlyMap<string, string>): Promise<void> {
    const puts = [...values].map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
    while (puts.length > 0) {
      const [first] = puts;
      const together = Math.max(
        1,
        Math.min(maxOperations, Math.floor(maxBytes / (first?.requestPut.value.length ?? 1))),
      );
      await this.#ask('txn', { success: puts.splice(0, together) });
    }
  }

  async remove(key: string): Promise<void> {
    await this.#ask('deleterange', { key: base64(key) });
  }

  /** Forgets how everything came to be as it is now. */
  async compact(): Promise<void> {
    const { header } = await this.#ask('range', { key: base64('a') });
    await this.#ask('compaction', { revision: (header as { readonly revision: string }).revision, physical: true });
  }

  /** What a lease was granted for, in seconds. */
  async ttlSecondsOf(lease: string): Promise<number> {
    const { grantedTTL } = await this.#ask('lease/timetolive', { ID: lease });
    return Number(grantedTTL);
  }

  async #ask(what: string, request: object): Promise<Readonly<Record<string, unknown>>> {
    const response = await fetch(`http://${this.address}/v3/kv/${what}`, {
      method: 'POST',
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`etcd answers ${response.status}: ${await response.text()}`);
    return (await response.json()) as Readonly<Record<string, unknown>>;
  }
}

/** In one transaction, unless etcd is told otherwise: 128 operations, 1.5 MiB. */
const maxOperations = 100;
const maxBytes = 1_000_000;

function base64(value: string): string {
  return Buffer.from(value).toString('base64');
}

function text(value: string): string {
  return Buffer.from(value, 'base64').toString();
}

/** The first key after all that begin with a prefix. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
