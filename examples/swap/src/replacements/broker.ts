import { memoryBroker, wrapped } from 'tenon';
import { changing, type Replacement } from '../replacement.js';

/** A broker that tells what is published, with the bytes as they would cross the wire. */
export const broker: Replacement = (seen) =>
  wrapped(memoryBroker(), (inner) =>
    changing(inner, {
      publish: (topic, message, options) => {
        seen.push(`publish ${topic} as ${message.contentType}, ${message.body.length} bytes`);
        return inner.publish(topic, message, options);
      },
    }),
  );
