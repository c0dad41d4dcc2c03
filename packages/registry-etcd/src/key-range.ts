/** The keys that begin with a prefix, as etcd asks for them: from the prefix up to, without, the first key after it. */
export function rangeOf(prefix: string): { readonly key: Buffer; readonly range_end: Buffer } {
  const key = Buffer.from(prefix);
  const end = Buffer.from(key);
  // Prefixes end in `/`, so the last byte can always grow.
  end.writeUInt8((end.at(-1) ?? 0) + 1, end.length - 1);
  return { key, range_end: end };
}
