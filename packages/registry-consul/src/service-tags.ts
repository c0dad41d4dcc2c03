import { deflateSync, inflateSync } from 'node:zlib';
import type { EndpointRecord, Metadata, ServiceRecord } from '@tenon/contract';
import { maxRecordBytes } from '@tenon/contract/authoring';

/** What the tags of an instance hold, not checked yet. */
export interface TagContents {
  readonly version: string;
  /** Of the node. */
  readonly metadata: Metadata;
  readonly endpoints: readonly unknown[];
  /** What go-micro has no tag for; undefined where another wrote the instance. */
  readonly own: unknown;
}

/** What go-micro has no tag for. */
export interface OwnContents {
  readonly metadata: Metadata;
  /** Where it is not what host and port make. */
  readonly address?: string | undefined;
}

/**
 * The tags of one node, as go-micro writes them: `t-` a pair of its metadata, `e-` an endpoint, `v-` the version, each
 * followed by lowercase hex of zlib of its text. Ours is `s-`: the rest of the record, which go-micro passes over.
 */
export function encodeTags({ version, endpoints, nodes }: ServiceRecord, own: OwnContents): readonly string[] {
  const pairs = Object.entries(nodes[0]?.metadata ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
  const isEmpty = Object.keys(own.metadata).length === 0 && own.address === undefined;
  return [
    ...pairs.map(([key, value]) => `t-${packed(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`)}`),
    ...endpoints.map((endpoint) => `e-${packed(JSON.stringify(inGoOrder(endpoint)))}`),
    `v-${packed(version)}`,
    ...(isEmpty ? [] : [`s-${packed(JSON.stringify(own))}`]),
  ];
}

/**
 * Reads the tags of an instance that anybody may have registered. Tags that are none of go-micro's are passed over; of each kind the first
 * tag says whether all are packed (`t-`) or plain (`t=`), which is how old versions wrote them.
 *
 * @throws where a tag of go-micro's does not unpack, or all of them unpack to more than a record may have.
 */
export function decodeTags(tags: readonly unknown[]): TagContents {
  const unpack = unpacker();
  const texts = (kind: string): readonly string[] => {
    const ours = tags.filter((tag): tag is string => typeof tag === 'string' && tag[0] === kind && form.test(tag));
    const same = ours.filter((tag) => tag[1] === ours[0]?.[1]);
    return same.map((tag) => (tag[1] === '-' ? unpack(tag.slice(2)) : tag.slice(2)));
  };
  const metadata: Record<string, string> = Object.create(null);
  for (const text of texts('t')) {
    const pair: unknown = JSON.parse(text);
    for (const key of Object.keys(Object(pair))) metadata[key] = Reflect.get(Object(pair), key);
  }
  const [own] = texts('s');
  return {
    version: texts('v')[0] ?? '',
    metadata,
    endpoints: texts('e').map((text) => JSON.parse(text) as unknown),
    own: own === undefined ? undefined : JSON.parse(own),
  };
}

/** Packed text begins with the header of zlib, so that a tag such as `v-next` of somebody else is none. */
const form = /^.(?:=|-78[0-9a-f]+$)/;

function packed(text: string): string {
  return deflateSync(text).toString('hex');
}

/** Unpacks no more in all than a record may have: a few bytes of zlib make many. */
function unpacker(): (hex: string) => string {
  let left = maxRecordBytes;
  return (hex) => {
    const text = inflateSync(Buffer.from(hex, 'hex'), { maxOutputLength: Math.max(1, left) });
    left -= text.length;
    return text.toString();
  };
}

/** The fields in the order of go-micro's struct. */
function inGoOrder({ name, request, response, metadata }: EndpointRecord): EndpointRecord {
  return { request, response, metadata, name };
}
