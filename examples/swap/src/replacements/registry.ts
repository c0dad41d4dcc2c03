import { memoryRegistry, wrapped } from 'tenon';
import { changing, type Replacement } from '../replacement.js';

/** A registry that tells whom it was asked for. */
export const registry: Replacement = (seen) =>
  wrapped(memoryRegistry(), (inner) =>
    changing(inner, {
      watch: (name, options) => {
        seen.push(`watch ${name}`);
        return inner.watch(name, options);
      },
    }),
  );
