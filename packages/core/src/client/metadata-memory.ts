import { checkedMetadata, type Metadata, noMetadata } from '@tenon/contract';

/**
 * Checks the metadata of calls, each frozen object once: what a caller keeps for all its calls is not checked and copied
 * for each of them.
 */
export class MetadataMemory {
  readonly #checked = new WeakMap<Metadata, Metadata>();
  /** The frozen object that was given last, and what came of it: most callers have one for all their calls. */
  #lastGiven: Metadata | undefined;
  #lastChecked: Metadata = noMetadata;

  /** @throws ServiceError as `checkedMetadata` does. */
  readonly check = (given: Metadata | undefined): Metadata => {
    if (given === undefined) return noMetadata;
    if (given === this.#lastGiven) return this.#lastChecked;
    if (!Object.isFrozen(given)) return checkedMetadata(given);
    let checked = this.#checked.get(given);
    if (checked === undefined) {
      checked = checkedMetadata(given);
      this.#checked.set(given, checked);
    }
    this.#lastGiven = given;
    this.#lastChecked = checked;
    return checked;
  };
}
