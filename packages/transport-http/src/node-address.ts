import { type Node, nodeMetadata } from '@tenon/contract';

/** Which form of HTTP a node is called in. `legacy`: mucp as nodes want it that know no other. */
export type Dialect = 'plain' | 'mucp' | 'legacy';

/**
 * How to call a node, judged by what it says about itself: Tenon's own HTTP where it offers that, go-micro's mucp where
 * it is a go-micro node on the HTTP transport, in an envelope where such a node does not say its protocol, and Tenon's own where it says nothing, which is how a direct address
 * looks. Undefined where it speaks only what this transport does not.
 */
export function dialectOf(node: Node): Dialect | undefined {
  const { metadata } = node;
  const protocols = metadata[nodeMetadata.protocols]?.split(',').map((protocol) => protocol.trim());
  if (protocols?.includes('http')) return 'plain';
  const transport = metadata['transport'] ?? 'http';
  const protocol = metadata[nodeMetadata.protocol];
  if (protocol === 'mucp' && transport === 'http') return 'mucp';
  if (protocol === undefined && transport === 'http' && legacyServers.has(metadata['server'] ?? '')) return 'legacy';
  return Object.keys(metadata).length === 0 ? 'plain' : undefined;
}

/** What servers of go-micro were called before nodes said which protocol they speak. */
const legacyServers: ReadonlySet<string> = new Set(['rpc', 'mucp']);
