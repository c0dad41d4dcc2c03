import { ServiceError } from '@tenon/contract';

/**
 * What happens to a field that came and that no rule of the class knows. `keep` hands it to the handler as it is,
 * `strip` drops it, `refuse` is an `InvalidArgument` that names it (rule `whitelistValidation`).
 */
export type UnknownFields = 'keep' | 'strip' | 'refuse';

/** Options of {@link classValidator}. */
export interface ClassValidatorOptions {
  /**
   * @defaultValue `keep`: what class-validator does unless told otherwise, and what lets a newer caller send a field that
   * an older service does not know yet. A class without any rule keeps everything in any case.
   */
  readonly unknownFields?: UnknownFields | undefined;
  /**
   * Whether readers of valid values may be generated code, about five times as fast as closures. Nothing that comes over
   * a wire is ever in it. Where the process forbids it (`--disallow-code-generation-from-strings`) closures are used
   * whatever is said here.
   *
   * @defaultValue true
   */
  readonly generateCode?: boolean | undefined;
}

/** The options, copied, filled and checked. Throws `InvalidArgument` that names the option. */
export function resolveClassValidatorOptions(options: ClassValidatorOptions = {}): ResolvedOptions {
  const { unknownFields = 'keep', generateCode = true } = options;
  if (unknownFields === 'keep' || unknownFields === 'strip' || unknownFields === 'refuse') {
    return Object.freeze({ unknownFields, generateCode: generateCode !== false });
  }
  throw new ServiceError(
    'InvalidArgument',
    `classValidator.unknownFields is ${JSON.stringify(unknownFields)}; it must be keep, strip or refuse`,
    { executed: 'no' },
  );
}

/** {@link ClassValidatorOptions} after {@link resolveClassValidatorOptions}. */
export interface ResolvedOptions {
  readonly unknownFields: UnknownFields;
  readonly generateCode: boolean;
}
