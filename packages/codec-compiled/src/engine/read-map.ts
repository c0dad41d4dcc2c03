import { isInherited, setOwn } from './plain-object.js';
import type { ReadValue } from './reading.js';

/** The reader of objects whose keys are data: they become own properties, whatever they are named. */
export function mapReader(readEntry: ReadValue): ReadValue {
  return (reading, depth) => {
    const count = reading.count(depth);
    const map: Record<string, unknown> = {};
    for (let index = 0; index < count; index += 1) {
      const at = reading.position;
      const key = reading.text();
      if (key === '__proto__') throw reading.refusal('the map key __proto__', at);
      if (Object.hasOwn(map, key)) throw reading.refusal('a map key that came before', at);
      const entry = readEntry(reading, depth + 1);
      if (isInherited(key)) setOwn(map, key, entry);
      else map[key] = entry;
    }
    return map;
  };
}
