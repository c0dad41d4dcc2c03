import { Etcd3 } from 'etcd3';
import type { EtcdServer } from './etcd-server.js';

/** Looks into an etcd and meddles with it, by a client that knows nothing of registries; opened and closed each time. */
export async function plainly<T>(server: EtcdServer, use: (client: Etcd3) => PromiseLike<T>): Promise<T> {
  const client = new Etcd3({
    hosts: server.endpoint,
    defaultCallOptions: { deadline: Date.now() + 5_000 },
    grpcOptions: { 'grpc.enable_http_proxy': 0 },
  });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
