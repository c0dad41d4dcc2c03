import type { Node } from './node.js';
import type { ServiceRecord } from './service-record.js';

/** A node that could serve a call, with the record it stands in. One object per node and set: compare by identity. */
export interface Candidate {
  readonly node: Node;
  /** The record of the node's version. Its `nodes` holds the other nodes of that version too. */
  readonly record: ServiceRecord;
}

/** Narrows a set of candidates. Pure: returns what to keep, in the same order, and changes nothing. */
export type Filter = (candidates: readonly Candidate[]) => readonly Candidate[];
