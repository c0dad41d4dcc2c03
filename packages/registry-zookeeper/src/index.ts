export type { ZookeeperOptions } from './zookeeper-options.js';
export { zookeeperRegistry } from './zookeeper-registry-provider.js';
