/** Whether class-transformer would set this field of an instance: not a method, and no getter without a setter. */
export function isAssignable(instance: object, key: string): boolean {
  if (key === '__proto__' || key === 'constructor') return false;
  const property = findProperty(instance, key);
  if (property === undefined || property.set !== undefined) return true;
  return property.get === undefined && property.writable === true && typeof property.value !== 'function';
}

/** Whether setting a field and reading it again gives what was set: no accessor stands in between. */
export function isDataField(instance: object, key: string): boolean {
  const property = findProperty(instance, key);
  return property === undefined || (property.set === undefined && property.get === undefined);
}

/** Fields that an instance has by itself, decorated or not: what the class declares and what its constructor sets. */
export function ownFields(instance: object): readonly string[] {
  return Object.keys(instance).filter((key) => !(key in Object.prototype) && isAssignable(instance, key));
}

function findProperty(instance: object, key: string): PropertyDescriptor | undefined {
  if (!(key in instance)) return undefined;
  for (let one: object | null = instance; one !== null; one = Object.getPrototypeOf(one)) {
    const property = Object.getOwnPropertyDescriptor(one, key);
    if (property !== undefined) return property;
  }
  return undefined;
}
