import 'reflect-metadata';
import assert from 'node:assert/strict';
import { ServiceError } from '@tenon/contract';
import { compileDto } from '@tenon/validator-class';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildByPlan, handedBack, refused } from './build-by-plan.js';
import { type RealWorldDto, realWorldDtos } from './real-world/index.js';

const compiled = realWorldDtos.map((one) => ({ ...one, ...compileDto(one.dto) }));
const isPlanned = ({ plan }: Planned) => plan !== undefined && plan.fields.length > 0;
const planned = compiled.filter(isPlanned);

const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, '', 'x', 'ada@example.org', 0, -1, 1.5, true, 5n, new Date(0), new Date(Number.NaN)),
  fc.constantFrom<unknown>([], ['x'], [null], [[]], {}, { kind: 1 }, Uint8Array.of(1)),
);

describe('thirty DTOs as people write them', () => {
  it('have a plan or say why not', () => {
    const others = compiled.filter((one) => !isPlanned(one));
    const why = others.map(({ name, plan, handedOver }) => {
      const reason = plan === undefined ? 'a rule waits for the whole instance' : 'no field is known';
      return `${name} (${handedOver[0] ?? reason})`;
    });
    process.stdout.write(`${planned.length} of ${compiled.length} have a plan; ${why.join('; ')}\n`);
    expect(planned.length).toBeGreaterThanOrEqual(20);
  });

  it.each(compiled)('$name: its values are as its rules want them', async ({ valid, invalid, validate, dto }) => {
    for (const value of valid) expect(await validate(value)).toBeInstanceOf(dto);
    await expect(async () => validate(invalid)).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it.each(planned)('$name: what its plan builds or refuses, so does the validator', (one) => {
    const verdicts = one.valid.map((value) => assertAgree(one, value));
    expect(verdicts).toEqual(one.valid.map(() => 'built'));
    expect(assertAgree(one, one.invalid)).toBe('refused');
    fc.assert(
      fc.property(
        fc.constantFrom(...one.valid),
        fc.array(fc.nat(), { maxLength: 4 }),
        strange,
        (value, path, change) => {
          assertAgree(one, changed(value, path, change) as object);
        },
      ),
      { numRuns: 300 },
    );
  });
});

type Planned = RealWorldDto & ReturnType<typeof compileDto>;

function assertAgree({ plan, validate }: Planned, value: object): 'built' | 'refused' | 'handed back' {
  assert.ok(plan);
  const built = buildByPlan(plan, value);
  if (built === handedBack) return 'handed back';
  if (built !== refused) {
    expect(validate(value)).toStrictEqual(built);
    return 'built';
  }
  assert.throws(
    () => validate(value),
    (error: unknown) => error instanceof ServiceError && error.code === 'InvalidArgument',
  );
  return 'refused';
}

/** The value with something else at a place in it, or without it; a step beyond the keys that are there adds one. */
function changed(value: unknown, path: readonly number[], change: unknown): unknown {
  const [step, ...rest] = path;
  if (Array.isArray(value)) {
    if (step === undefined || value.length === 0) return change;
    return value.map((item, index) => (index === step % value.length ? changed(item, rest, change) : item));
  }
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return change;
  const keys = Object.keys(value);
  const key = keys[(step ?? 0) % (keys.length + 1)] ?? 'unknown';
  const { [key]: present, ...others } = value as Record<string, unknown>;
  return change === '' ? others : { ...others, [key]: changed(present, rest, change) };
}
