/** The kinds of DNS records that service discovery is made of. */
export type DnsRecord =
  | (RecordHead & { readonly type: 'PTR'; readonly data: string })
  | (RecordHead & { readonly type: 'SRV'; readonly data: ServiceTarget })
  | (RecordHead & { readonly type: 'TXT'; readonly data: readonly Buffer[] })
  | (RecordHead & { readonly type: 'A' | 'AAAA'; readonly data: string });

/** Where an instance listens: a host name and a port. */
export interface ServiceTarget {
  readonly target: string;
  readonly port: number;
  readonly priority?: number;
  readonly weight?: number;
}

interface RecordHead {
  /** Without the dot at its end. */
  readonly name: string;
  /** Seconds; 0 takes the record back. */
  readonly ttl: number;
  /** Whether it replaces what caches have of this name and type (RFC 6762 §10.2). */
  readonly flush?: boolean;
}

/**
 * The records of a decoded packet that are of use here. What has another type, class or shape is left out: the decoder hands over what
 * anybody may have sent.
 */
export function usableRecords(answers: readonly unknown[]): readonly DnsRecord[] {
  return answers.flatMap((answer) => usableRecord(answer) ?? []);
}

function usableRecord(answer: unknown): DnsRecord | undefined {
  const { name, type, class: klass, ttl, data } = answer as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || typeof ttl !== 'number' || (klass !== undefined && klass !== 'IN')) return undefined;
  const head = { name, ttl };
  if (type === 'PTR') return typeof data === 'string' ? { ...head, type, data } : undefined;
  if (type === 'A' || type === 'AAAA') return typeof data === 'string' ? { ...head, type, data } : undefined;
  if (type === 'TXT') return Array.isArray(data) && data.every(Buffer.isBuffer) ? { ...head, type, data } : undefined;
  return type === 'SRV' && isTarget(data) ? { ...head, type, data } : undefined;
}

function isTarget(data: unknown): data is ServiceTarget {
  if (typeof data !== 'object' || data === null) return false;
  return typeof Reflect.get(data, 'target') === 'string' && typeof Reflect.get(data, 'port') === 'number';
}
