/** The fault does not apply to the registry that the cell is about, or this machine does not have it: it is skipped, and says so. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable';
}
