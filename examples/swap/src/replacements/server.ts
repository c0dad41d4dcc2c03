import { callServer, wrapped } from 'tenon';
import { changing, type Replacement } from '../replacement.js';

/** A server that counts the calls of every endpoint it is given. */
export const server: Replacement = (seen) =>
  wrapped(callServer(), (inner) =>
    changing(inner, {
      serve: (service) => {
        const endpoints = service.endpoints.map((endpoint) => ({
          ...endpoint,
          handle: (request: unknown) => {
            seen.push(`serve ${endpoint.descriptor.name}`);
            return endpoint.handle(request);
          },
        }));
        inner.serve({ ...service, endpoints });
      },
    }),
  );
