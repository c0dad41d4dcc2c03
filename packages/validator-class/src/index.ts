export { classValidator } from './class-validator.js';
export type { ClassValidatorOptions, UnknownFields } from './class-validator-options.js';
export { type CompiledDto, compileDto } from './compile-dto.js';
