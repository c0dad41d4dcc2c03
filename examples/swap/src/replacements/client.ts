import { callClient, wrapped } from 'tenon';
import { changing, type Replacement } from '../replacement.js';

/** A client that tells what is called. */
export const client: Replacement = (seen) =>
  wrapped(callClient(), (inner) =>
    changing(inner, {
      unary: (endpoint, value, options) => {
        seen.push(`call ${endpoint.name}`);
        return inner.unary(endpoint, value, options);
      },
    }),
  );
