/** The directory of one service: `/micro-registry/<service>`, with `-` for each `/` of the name, as in go-micro's plugin. */
export function servicePath(root: string, service: string): string {
  return `${root}/${dashed(service)}`;
}

/** The node of one node of a service: `/micro-registry/<service>/<node id>`. */
export function entryPath(root: string, service: string, nodeId: string): string {
  return `${servicePath(root, service)}/${dashed(nodeId)}`;
}

/**
 * Whether ZooKeeper takes a name as a part of a path: it refuses `.`, `..`, and in 3.8 control characters, surrogates (so most emoji) and the
 * private use area. Source: "The ZooKeeper Data Model", ZooKeeper Programmer's Guide.
 */
export function isPathPart(name: string): boolean {
  return name !== '.' && name !== '..' && !/[\u007f-\u009f\ud800-\uf8ff\ufff0-\uffff]/.test(dashed(name));
}

function dashed(name: string): string {
  return name.replaceAll('/', '-');
}
