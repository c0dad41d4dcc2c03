/** Whether a name can stand in a .proto. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

/** Whether a message may be called that: an identifier that is no type of protobuf's own. */
export function isMessageName(name: string): boolean {
  return isIdentifier(name) && !scalarTypes.has(name);
}

/** `dueOn` → `due_on`, `URLPath` → `url_path`: how fields are called in a .proto. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** `dueOn` and `due_on` → `DueOn`: how enums and the entries of maps are called. */
export function pascalCase(name: string): string {
  const camel = jsonName(snakeCase(name));
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** `due_on` → `dueOn`: the name in JSON that protoc gives a field of itself. */
export function jsonName(name: string): string {
  return name.replace(/_+([A-Za-z0-9]?)/g, (_, next: string) => next.toUpperCase());
}

/** `Status`, `in transit` → `STATUS_IN_TRANSIT`; undefined for a text that gives no name. */
export function enumValueName(enumName: string, text: string): string | undefined {
  const words = snakeCase(text.replace(/[^A-Za-z0-9]+/g, '_')).replace(/^_+|_+$/g, '');
  return words === '' ? undefined : `${snakeCase(enumName)}_${words}`.toUpperCase();
}

/**
 * The package of a service: its name, with an underscore for whatever no package may have. go-micro puts the service's name
 * there as it is: `go.micro.greeter` gives `/go.micro.greeter.Greeter/Hello` in both.
 */
export function packageName(service: string): string {
  return service
    .split('.')
    .map((part) => part.replace(/[^A-Za-z0-9_]/g, '_'))
    .filter((part) => part !== '')
    .map((part) => (/^[0-9]/.test(part) ? `_${part}` : part))
    .join('.');
}

const scalarTypes: ReadonlySet<string> = new Set([
  ...['double', 'float', 'int32', 'int64', 'uint32', 'uint64', 'sint32', 'sint64', 'fixed32', 'fixed64', 'sfixed32'],
  ...['sfixed64', 'bool', 'string', 'bytes', 'map', 'repeated', 'optional', 'reserved', 'oneof', 'message', 'enum'],
  ...['option', 'extend', 'extensions', 'group', 'rpc', 'returns', 'stream', 'service', 'syntax', 'import', 'package'],
]);
