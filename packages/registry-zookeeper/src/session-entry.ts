import type { EntryHome } from '@tenon/contract/authoring';
import type { Session } from './session.js';
import { isZookeeperCode, zookeeperCodes } from './zookeeper-error.js';

/** The ephemeral node of one registration. It goes with the session by itself; what is renewed is our knowledge that it stands. */
export class SessionEntry implements EntryHome {
  readonly path: string;
  readonly #directory: string;
  readonly #value: Buffer;
  readonly #session: Session;
  /** The session in which it was put. */
  #putIn: string | undefined;

  constructor(directory: string, path: string, value: Buffer, session: Session) {
    this.path = path;
    this.#directory = directory;
    this.#value = value;
    this.#session = session;
  }

  async put(): Promise<void> {
    const link = await this.#session.connected();
    this.#session.adopt(this.path);
    try {
      await link.create(this.path, this.#value);
    } catch (thrown) {
      if (isZookeeperCode(thrown, zookeeperCodes.noNode)) {
        await link.ensure(this.#directory);
        await link.create(this.path, this.#value);
      } else if (isZookeeperCode(thrown, zookeeperCodes.nodeExists)) {
        const found = await link.stat(this.path);
        if (found === undefined) await link.create(this.path, this.#value);
        else if (link.owns(found)) await link.write(this.path, this.#value);
        // Of an earlier session of ours, of an earlier run of this node, or of go-micro, whose nodes stay for ever.
        else await link.takeOver(this.path, this.#value);
      } else throw thrown;
    }
    this.#putIn = link.identity.id.toString('hex');
  }

  async renew(): Promise<boolean> {
    // A session that is over took it along, whether or not there is another one yet.
    if (this.#session.isOver(this.#putIn)) return false;
    const link = await this.#session.connected();
    const found = await link.read(this.path);
    if (found === undefined || !link.owns(found)) return false;
    if (!found.data.equals(this.#value)) await link.write(this.path, this.#value);
    return true;
  }

  remove(): Promise<void> {
    return this.#session.remove(this.path);
  }
}
