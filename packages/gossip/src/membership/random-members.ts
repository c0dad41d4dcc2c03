/** Up to `count` of these, each as likely as the next. */
export function randomOf<T>(items: readonly T[], count: number): readonly T[] {
  const rest = [...items];
  const chosen: T[] = [];
  while (chosen.length < count && rest.length > 0) {
    const at = Math.floor(Math.random() * rest.length);
    const last = rest.pop() as T;
    chosen.push(at < rest.length ? (rest[at] as T) : last);
    if (at < rest.length) rest[at] = last;
  }
  return chosen;
}
