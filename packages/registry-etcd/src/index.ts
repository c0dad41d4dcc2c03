export type { EtcdOptions, EtcdTls } from './etcd-options.js';
export { etcdRegistry } from './etcd-registry-provider.js';
