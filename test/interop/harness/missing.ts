/** What a stranger needs and this machine cannot have, with the reason. It is shown, and never taken for a success. */
export class Missing extends Error {
  override readonly name = 'Missing';
}
