import { toBinary } from '@bufbuild/protobuf';
import { type DescriptorProto, type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** A set of .proto files as descriptors, found by their names and by what is defined in them. */
export class DescriptorFiles {
  readonly #byName = new Map<string, FileDescriptorProto>();
  readonly #bySymbol = new Map<string, FileDescriptorProto>();
  readonly #services: string[] = [];

  /** A file whose name is taken is left out. */
  add(file: FileDescriptorProto): void {
    if (this.#byName.has(file.name)) return;
    this.#byName.set(file.name, file);
    for (const symbol of symbolsOf(file)) if (!this.#bySymbol.has(symbol)) this.#bySymbol.set(symbol, file);
    for (const { name } of file.service) this.#services.push(qualified(file.package, name));
  }

  /** The full names of the services in all files, in the order in which they were added. */
  get services(): readonly string[] {
    return this.#services;
  }

  /** A file with all that it imports, each before whoever imports it last; undefined where there is none such. */
  named(name: string): readonly Uint8Array[] | undefined {
    const file = this.#byName.get(name);
    return file && this.#withImports(file);
  }

  /** The same for the file that defines a service, a method, a message or an enum. */
  defining(symbol: string): readonly Uint8Array[] | undefined {
    const file = this.#bySymbol.get(symbol.replace(/^\./, ''));
    return file && this.#withImports(file);
  }

  #withImports(file: FileDescriptorProto): readonly Uint8Array[] {
    const wanted = new Set([file]);
    // A set that grows while it is read is read to its end.
    for (const { dependency } of wanted) {
      for (const name of dependency) {
        const imported = this.#byName.get(name);
        if (imported !== undefined) wanted.add(imported);
      }
    }
    return [...wanted].map((one) => toBinary(FileDescriptorProtoSchema, one));
  }
}

function* symbolsOf(file: FileDescriptorProto): Iterable<string> {
  for (const service of file.service) {
    const name = qualified(file.package, service.name);
    yield name;
    for (const method of service.method) yield `${name}.${method.name}`;
  }
  for (const { name } of file.enumType) yield qualified(file.package, name);
  yield* messagesOf(file.package, file.messageType);
}

function* messagesOf(scope: string, messages: readonly DescriptorProto[]): Iterable<string> {
  for (const message of messages) {
    const name = qualified(scope, message.name);
    yield name;
    for (const one of message.enumType) yield `${name}.${one.name}`;
    yield* messagesOf(name, message.nestedType);
  }
}

function qualified(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
