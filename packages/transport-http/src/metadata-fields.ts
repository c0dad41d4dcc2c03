import { type Metadata, noMetadata } from '@tenon/contract';
import { addMetadata, type FieldPairs } from './headers.js';

/**
 * Metadata as header fields, checked and written once where one object comes again: what a caller keeps frozen for all its
 * calls arrives here as the same object each time.
 */
export class MetadataFields {
  #last: Metadata = noMetadata;
  #fields: readonly string[] = [];

  /** @throws ServiceError as `addMetadata` does, where values are encoded. */
  add(fields: FieldPairs, metadata: Metadata): void {
    if (metadata === noMetadata) return;
    const known = metadata === this.#last ? this.#fields : this.#read(metadata);
    for (let index = 0; index < known.length; index += 1) fields.push(known[index] ?? '');
  }

  #read(metadata: Metadata): readonly string[] {
    const fields: FieldPairs = [];
    addMetadata(fields, metadata, 'encode');
    // One that may still change is read anew each time.
    if (Object.isFrozen(metadata)) {
      this.#last = metadata;
      this.#fields = fields;
    }
    return fields;
  }
}
