import type { Metadata } from './metadata.js';
import type { Node } from './node.js';

/**
 * What a registry keeps about one version of one service: who offers it, where, and what it offers.
 *
 * The shape is go-micro's registry record, so that a mixed fleet reads it: fields are written in JSON by these names.
 * go-micro writes `null` for empty maps and lists; a registry provider reads both and hands out empty ones.
 */
export interface ServiceRecord {
  readonly name: string;
  /** Free text, by convention a semantic version. Nodes of two versions are two records. */
  readonly version: string;
  readonly metadata: Metadata;
  readonly endpoints: readonly EndpointRecord[];
  readonly nodes: readonly Node[];
}

/** One method or subscription of a service, as others may read it in the registry. */
export interface EndpointRecord {
  /** `Greeter.Hello`. */
  readonly name: string;
  readonly request: ValueRecord | null;
  readonly response: ValueRecord | null;
  /**
   * go-micro's keys `stream`, `topic`, `subscriber`; Tenon's `stream-kind` says which kind of stream it is, `request-schema` and
   * `response-schema` hold JSON Schema text, `idempotent` is `true` where it is, and `policy` holds a `CallPolicy` in JSON. What its
   * decorator says under `metadata` stands beside them: `description`, and `deprecated` as `true` or with the reason, are for people.
   */
  readonly metadata: Metadata;
}

/** The shape of a request or reply: a name, a type, and its fields, at most three levels deep. */
export interface ValueRecord {
  readonly name: string;
  readonly type: string;
  readonly values: readonly ValueRecord[] | null;
}
