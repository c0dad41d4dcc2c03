/** The strangers that `--only` names; undefined: all. */
export function readChoice(args: readonly string[]): readonly string[] | undefined {
  if (args.length === 0) return undefined;
  const [option, value = '', ...more] = args.flatMap((argument) => argument.split('='));
  const names = value.split(',').filter((name) => name !== '');
  if (option !== '--only' || names.length === 0 || more.length > 0) {
    throw new Error(`Cannot read ${JSON.stringify(args.join(' '))}. Usage: npm run interop [-- --only NAME,NAME]`);
  }
  return names;
}

/** Those of all that were chosen, or an error that says which there are. */
export function chosen<T extends { readonly name: string }>(
  all: readonly T[],
  names: readonly string[] | undefined,
): readonly T[] {
  const unknown = names?.filter((name) => !all.some((one) => one.name === name)) ?? [];
  if (unknown.length > 0) {
    throw new Error(`no stranger ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  }
  return all.filter(({ name }) => names?.includes(name) ?? true);
}
