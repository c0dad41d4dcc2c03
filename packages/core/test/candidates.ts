import type { Candidate, Metadata } from '@tenon/contract';

/** Candidates of one version, in the order of their ids as the selector hands them out. */
export function candidatesOf(
  ids: readonly string[],
  { version = '1.0.0', metadata = {} }: { readonly version?: string; readonly metadata?: Metadata } = {},
): readonly Candidate[] {
  const nodes = [...ids].sort().map((id) => ({ id, address: `${id}:1`, metadata }));
  const record = { name: 'greeter', version, metadata: {}, endpoints: [], nodes };
  return nodes.map((node) => ({ node, record }));
}

/** So many ids, which a text sort keeps in order: `n000`, `n001`, … */
export function idsOf(count: number, prefix = 'n'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(3, '0')}`);
}
