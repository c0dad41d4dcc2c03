import type { BuildPlan } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import { IsBoolean, IsInt, IsNumber, IsString, Min } from 'class-validator';
import { cpuMs } from '../harness/cpu-clock.js';
import { LinkedCodec } from './linked-codec.js';

/** Milliseconds of CPU time that the first value of a class takes, for each of so many classes. */
export function firstUses(classes: number): readonly number[] {
  const value = Object.freeze({ id: 7, name: 'Ada', price: 1.5, active: true, quantity: 2 });
  const made = Array.from({ length: classes }, (_, index) => aClass(index));
  // What the validator does when the application starts is not the codec's.
  const plans = made.map((dto) => compileDto(dto).plan as BuildPlan);
  const codec = new LinkedCodec();
  return made.map((dto, index) => {
    const began = cpuMs();
    codec.agreed(dto, plans[index], value);
    return cpuMs() - began;
  });
}

function aClass(index: number): new () => object {
  const dto = { [`Message${index}`]: class {} }[`Message${index}`] as new () => object;
  const decorate = (field: string, ...decorators: readonly PropertyDecorator[]): void => {
    for (const decorator of decorators) decorator(dto.prototype as object, field);
  };
  decorate('id', IsInt(), Min(0));
  decorate('name', IsString());
  decorate('price', IsNumber());
  decorate('active', IsBoolean());
  decorate('quantity', IsInt());
  // No two are laid out alike.
  decorate(`own${index}`, IsInt());
  return dto;
}
