import { installFolder } from './install-folder.mjs';

/** The peers are a project of their own, which nothing else needs. */
export async function installPeers() {
  await installFolder('bench/peers');
}
