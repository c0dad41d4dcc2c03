import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Schema, ServiceError, type StandardSchema, Validator, type ViolationDetails } from '@tenon/contract';
import { Type } from 'class-transformer';
import { ArrayUnique, IsArray, IsEmail, IsInt, IsOptional, IsString, Length, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { classValidator, compileDto } from '../src/index.js';

class Line {
  @IsString() @Length(1, 8) sku!: string;
  @IsInt() quantity!: number;
}

class Order {
  @IsEmail() customer!: string;
  @IsArray() @ValidateNested({ each: true }) @Type(() => Line) lines!: Line[];
}

const make = (): Validator => (classValidator().create as () => Validator)();

function thrown(work: () => unknown): ServiceError {
  try {
    work();
  } catch (error) {
    if (error instanceof ServiceError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const violations = (work: () => unknown) => (thrown(work).details as ViolationDetails).violations;

describe('the class validator', () => {
  it('is a provider of the Validator seam, without dependencies', () => {
    const provider = classValidator();
    expect(provider.token).toBe(Validator);
    expect(provider.dependencies).toEqual([]);
  });

  it('refuses an option that it does not know', () => {
    const error = thrown(() => classValidator({ unknownFields: 'drop' as never }));
    expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(error.rawMessage).toBe('classValidator.unknownFields is "drop"; it must be keep, strip or refuse');
  });

  it('compiles a class once', () => {
    const validator = make();
    expect(validator.compile(Order)).toBe(validator.compile(Order));
  });

  it("leaves alone what is neither a DTO class nor a Standard Schema, the language's own classes too", () => {
    const strangers: unknown[] = [String, Object, Array, Date, Buffer, () => 1, {}, 'Order', null, undefined];
    for (const stranger of strangers) expect(make().compile(stranger as Schema)).toBeUndefined();
  });

  it('gives the handler an instance of a valid value', () => {
    const order = make()
      .compile(Order)
      ?.validate({ customer: 'ada@example.org', lines: [{ sku: 'a', quantity: 1 }] });
    expect(order).toBeInstanceOf(Order);
    expect(order).toEqual({ customer: 'ada@example.org', lines: [{ sku: 'a', quantity: 1 }] });
  });

  it('names path, rule, message and type of what is wrong, and not the value', () => {
    const error = thrown(() =>
      make()
        .compile(Order)
        ?.validate({ customer: 'secret', lines: [{ sku: '', quantity: 1 }, 5, null] }),
    );
    expect(error).toMatchObject({ code: 'InvalidArgument', executed: 'no' });
    expect(error.details).toEqual({
      violations: [
        { field: 'customer', rule: 'isEmail', message: 'customer must be an email', valueType: 'string' },
        {
          field: 'lines[0].sku',
          rule: 'isLength',
          message: 'sku must be longer than or equal to 1 characters',
          valueType: 'string',
        },
        ...[1, 2].map((index) => ({
          field: `lines[${index}]`,
          rule: 'nestedValidation',
          message: 'each value in nested property lines must be either object or array',
          valueType: index === 1 ? 'number' : 'null',
        })),
      ],
    });
    expect(error.message).toContain('Order is not valid: customer: customer must be an email; lines[0].sku: ');
    expect(error.message).toContain('; and 1 more');
    expect(JSON.stringify(error)).not.toContain('secret');
  });

  it.each([['text'], [5], [null], [undefined], [true], [[]], [new Date()], [new Map()], [Buffer.from('x')]])(
    'refuses %s where an object is due',
    (value) => {
      class Anything {}
      for (const dto of [Order, Anything]) {
        expect(violations(() => make().compile(dto)?.validate(value))).toEqual([
          { field: '', rule: 'isObject', message: `${dto.name} must be an object`, valueType: expect.any(String) },
        ]);
      }
    },
  );

  it('says what stands where a nested object is due', () => {
    const wrong = { customer: 'ada@example.org', lines: [new Date()] };
    expect(violations(() => make().compile(Order)?.validate(wrong))).toEqual([
      {
        field: 'lines[0]',
        rule: 'unknownValue',
        message: 'an unknown value was passed to the validate function',
        valueType: 'date',
      },
    ]);
  });

  it('answers a body full of mistakes with a hundred of them', () => {
    const lines = Array.from({ length: 5_000 }, () => ({ sku: 1, quantity: 'x' }));
    expect(violations(() => make().compile(Order)?.validate({ customer: 1, lines }))).toHaveLength(100);
    expect(compileDto(Order).errors({ customer: 'ada@example.org', lines })[0]?.children).toHaveLength(5_000);
  });

  it('judges a string that makes validator.js throw as any other', () => {
    expect(
      violations(() => make().compile(Order)?.validate({ customer: '\ud800@example.org', lines: [] })),
    ).toMatchObject([{ field: 'customer', rule: 'isEmail' }]);
  });

  it('works where no code may be made from strings', async () => {
    const script = fileURLToPath(new URL('./no-eval.ts', import.meta.url));
    const flags = [
      '--disallow-code-generation-from-strings',
      '--import',
      '@oxc-node/core/register',
      '-C',
      '@tenon/source',
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, script]);
    expect(stdout).toBe('Message Hello; eval refused\n');
  });
});

describe('a class that cannot work', () => {
  const refused = (dto: new () => object) => {
    const error = thrown(() => make().compile(dto));
    expect(error).toMatchObject({ code: 'FailedPrecondition', executed: 'no' });
    return error.rawMessage;
  };

  it('for want of a type of what it nests is named, with field and mend', () => {
    class Untyped {
      @ValidateNested() line!: Line;
    }
    expect(refused(Untyped)).toContain('Untyped.line has @ValidateNested but no class');
    expect(refused(Untyped)).toContain('add @Type(() => TheClass)');
  });

  it('for a type that an import cycle left undefined is named too', () => {
    class Cyclic {
      @ValidateNested() @Type(() => undefined as never) line!: Line;
    }
    expect(refused(Cyclic)).toContain('look for an import cycle');
  });

  it('for nesting a class without rules is named, with field and mend', () => {
    class Empty {}
    class Holder {
      @ValidateNested() @Type(() => Empty) empty!: Empty;
    }
    expect(refused(Holder)).toContain('Holder.empty nests Empty, which has no rules');
  });

  it('for a constructor that wants arguments is named', () => {
    class Wanting {
      @IsString() name: string;
      constructor(source: { name: string }) {
        this.name = source.name;
      }
    }
    expect(refused(Wanting as never)).toContain('Wanting cannot be made by "new Wanting()"');
  });

  it('for a field that every object inherits is named', () => {
    class Inheriting {
      @IsString() override!: string;
    }
    IsString()(Inheriting.prototype, 'valueOf');
    expect(refused(Inheriting)).toContain('Inheriting.valueOf has rules, but every object inherits');
  });

  it('is refused again when asked again, and with whatever nests it', () => {
    class Bad {
      @ValidateNested() bad!: unknown;
    }
    class Outer {
      @IsOptional() @ValidateNested() @Type(() => Bad) bad?: Bad;
      @IsOptional() @ValidateNested() @Type(() => Outer) outer?: Outer;
    }
    const validator = make();
    for (const dto of [Outer, Bad, Outer] as Schema[])
      expect(thrown(() => validator.compile(dto)).rawMessage).toContain('Bad.bad');
  });
});

describe('a Standard Schema', () => {
  const schema = (validate: StandardSchema['~standard']['validate'], more: object = {}): StandardSchema => ({
    '~standard': { version: 1, vendor: 'test', validate, ...more },
  });

  it('gives what its library made of the value, at once or later', async () => {
    const doubled = (value: unknown) => ({ value: Number(value) * 2 });
    expect(make().compile(schema(doubled))?.validate(21)).toBe(42);
    await expect(
      make()
        .compile(schema(async (value) => doubled(value)))
        ?.validate(21),
    ).resolves.toBe(42);
  });

  it('turns issues into violations, also from a schema that is a function', async () => {
    const issues = [
      { message: 'too short', code: 'too_small', path: ['lines', 1, { key: 'sku' }] },
      { message: 'no good' },
    ];
    const compiled = make().compile(
      Object.assign(
        () => undefined,
        schema(() => ({ issues })),
      ) as never,
    );
    expect(violations(() => compiled?.validate({ lines: [{}, { sku: 5 }] }))).toEqual([
      { field: 'lines[1].sku', rule: 'too_small', message: 'too short', valueType: 'number' },
      { field: '', rule: 'schema', message: 'no good', valueType: 'object' },
    ]);
    await expect(
      make()
        .compile(schema(async () => ({ issues })))
        ?.validate(1),
    ).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('reports a hundred of its issues at most', () => {
    const issues = Array.from({ length: 500 }, () => ({ message: 'no' }));
    expect(
      violations(() =>
        make()
          .compile(schema(() => ({ issues })))
          ?.validate(1),
      ),
    ).toHaveLength(100);
  });

  it('says what it takes where it follows Standard JSON Schema, and "anything" where not', () => {
    const value = () => ({ value: 1 });
    const jsonSchema = { input: ({ target }: { target: string }) => ({ type: 'number', target }) };
    expect(make().compile(schema(value, { jsonSchema }))?.jsonSchema).toEqual({
      type: 'number',
      target: 'draft-2020-12',
    });
    expect(make().compile(schema(value))?.jsonSchema).toEqual({});
    const cannot = {
      input: () => {
        throw new Error('a transform cannot be said');
      },
    };
    expect(make().compile(schema(value, { jsonSchema: cannot }))?.jsonSchema).toEqual({});
  });
});

describe('bounds', () => {
  it('count a million distinct numbers without comparing each with each', () => {
    class Many {
      @ArrayUnique() numbers!: number[];
    }
    const numbers = Array.from({ length: 1_000_000 }, (_, index) => index);
    expect(make().compile(Many)?.validate({ numbers })).toBeInstanceOf(Many);
  });
});
