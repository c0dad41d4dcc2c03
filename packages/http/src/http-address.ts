/** Where to connect to. */
export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` and `[v6]:port`; undefined for anything else. `joinHostAndPort` writes it again. */
export function httpAddress(address: string): HttpAddress | undefined {
  const parts = form.exec(address);
  const host = parts?.[1] ?? parts?.[2];
  const port = Number(parts?.[3]);
  return host !== undefined && port >= 1 && port <= 65_535 ? { host, port } : undefined;
}

const form = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/;
