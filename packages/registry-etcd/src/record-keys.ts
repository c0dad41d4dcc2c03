/** The key of one node: `/micro/registry/<service>/<node>`, where both names have `-` for each `/`, as in go-micro. */
export function keyOf(prefix: string, service: string, nodeId: string): string {
  return servicePrefix(prefix, service) + dashed(nodeId);
}

/** What the keys of all nodes of a service begin with. Services whose names differ in `/` and `-` alone share it. */
export function servicePrefix(prefix: string, service: string): string {
  return `${prefix}${dashed(service)}/`;
}

function dashed(name: string): string {
  return name.replaceAll('/', '-');
}
