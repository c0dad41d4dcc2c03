import type { Clock, Logger } from '@tenon/contract';
import type { Gossip, GossipDelegate } from './gossip.js';
import { GossipNode } from './gossip-node.js';
import { type GossipOptions, resolveGossipOptions } from './gossip-options.js';

/**
 * Makes a member; it does nothing before it is started.
 *
 * @throws ServiceError `InvalidArgument` that names the option, its value and its range.
 */
export function createGossip(options: GossipOptions, delegate: GossipDelegate, logger: Logger, clock: Clock): Gossip {
  return new GossipNode(resolveGossipOptions(options), delegate, logger, clock);
}
