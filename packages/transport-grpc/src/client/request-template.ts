import type { OutgoingHttpHeaders } from 'node:http2';
import { type EndpointDescriptor, type Node, nodeMetadata, ServiceError } from '@tenon/contract';
import { protobufPackage } from '../server/paths.js';
import { acceptedEncodings } from '../wire/encodings.js';
import type { GrpcType } from '../wire/grpc-types.js';
import { nodeField } from '../wire/metadata-fields.js';

/** What the calls to one endpoint of one node have in common. */
export interface RequestTemplate {
  readonly type: GrpcType;
  readonly headers: OutgoingHttpHeaders;
}

/**
 * @throws ServiceError `InvalidArgument`, `executed: 'no'`, for names that no path can carry.
 */
export function requestTemplate({ service, name }: EndpointDescriptor, type: GrpcType, node: Node): RequestTemplate {
  const headers: OutgoingHttpHeaders = Object.create(null);
  headers[':method'] = 'POST';
  headers[':path'] = pathOf(isTenon(node) ? service : protobufPackage(service), name);
  headers['content-type'] = type.wire;
  headers['te'] = 'trailers';
  headers['user-agent'] = userAgent;
  headers['grpc-accept-encoding'] = acceptedEncodings;
  if (node.id !== '' && isTenon(node)) headers[nodeField] = node.id;
  return { type, headers };
}

/** Whether a node is known to be one of Tenon. */
export function isTenon({ metadata }: Node): boolean {
  return metadata[nodeMetadata.protocols] !== undefined;
}

/** `/greeter.Greeter/Hello` */
function pathOf(service: string, endpoint: string): string {
  const dot = endpoint.lastIndexOf('.');
  const path = `/${service === '' ? '' : `${service}.`}${endpoint.slice(0, dot)}/${endpoint.slice(dot + 1)}`;
  if (dot > 0 && form.test(path)) return path;
  const text = `service "${service}" and endpoint "${endpoint}" make no path for gRPC, which has letters, digits and . _ - @ ~ + in it`;
  throw new ServiceError('InvalidArgument', text, { executed: 'no' });
}

const form = /^\/[A-Za-z0-9_.@~+$-]+\/[A-Za-z0-9_$-]+$/;
const userAgent = 'grpc-tenon/0.1';
