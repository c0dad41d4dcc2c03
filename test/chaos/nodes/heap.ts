import { Session } from 'node:inspector/promises';

/**
 * The plain frozen objects of this process that have all of some names, wherever they are kept, private fields included: how resolved
 * options are read from what runs, and not from what resolves them.
 */
export async function frozenObjectsWith(
  names: readonly (readonly string[])[],
): Promise<readonly (readonly unknown[])[]> {
  const session = new Session();
  session.connect();
  try {
    const { result: prototype } = await session.post('Runtime.evaluate', { expression: 'Object.prototype' });
    const { objects } = await session.post('Runtime.queryObjects', { prototypeObjectId: String(prototype.objectId) });
    const { result, exceptionDetails } = await session.post('Runtime.callFunctionOn', {
      objectId: String(objects.objectId),
      functionDeclaration: find,
      arguments: [{ value: names }],
      returnByValue: true,
    });
    if (exceptionDetails !== undefined)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return JSON.parse(String(result.value)) as readonly (readonly unknown[])[];
  } finally {
    session.disconnect();
  }
}

/** Runs where the objects are. Getters are left alone, and what JSON cannot say becomes text. */
const find = `function (groups) {
  const found = groups.map(() => []);
  for (const object of this) {
    if (!Object.isFrozen(object)) continue;
    groups.forEach((names, index) => {
      if (names.every((name) => Object.getOwnPropertyDescriptor(object, name)?.value !== undefined)) found[index].push(object);
    });
  }
  return JSON.stringify(found, (key, value) => {
    if (typeof value === 'function' || value === Infinity || typeof value === 'bigint') return String(value);
    return value;
  });
}`;
