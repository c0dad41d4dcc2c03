import { memoryTransport, wrapped } from 'tenon';
import { changing, type Replacement } from '../replacement.js';

/** A transport of the same name, which takes the place of the first and tells whom it dials. */
export const transport: Replacement = (seen) =>
  wrapped(memoryTransport(), (inner) =>
    changing(inner, {
      dial: (node, options) => {
        seen.push(`dial ${options.service} over ${inner.name}`);
        return inner.dial(node, options);
      },
    }),
  );
