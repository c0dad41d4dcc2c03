/** A DTO as an engineer would write it, with values that its rules take and one that they do not. */
export interface RealWorldDto {
  readonly name: string;
  readonly dto: new () => object;
  /** Plain, as a decoder gives them. */
  readonly valid: readonly object[];
  readonly invalid: object;
}
