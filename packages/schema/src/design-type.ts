import type { DtoClass } from '@tenon/contract';

/** What the compiler noted as a field's type (`emitDecoratorMetadata`), where it noted something and `Reflect` can tell it. */
export function designType(dto: DtoClass, name: string): unknown {
  const { getMetadata } = Reflect as { getMetadata?: (key: string, target: object, property: string) => unknown };
  return getMetadata?.('design:type', dto.prototype as object, name);
}
