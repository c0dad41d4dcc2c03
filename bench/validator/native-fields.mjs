import { IsBoolean, IsEnum, IsInt, IsNumber, IsString, Length } from 'class-validator';

/** The same five fields as tsc writes them for ES2022 and later: declared on the class, so every instance defines them. */
export class NativeFields {
  name;
  count;
  price;
  active;
  status;
}

const rules = {
  name: [IsString(), Length(1, 64)],
  count: [IsInt()],
  price: [IsNumber()],
  active: [IsBoolean()],
  status: [IsEnum({ open: 'open', paid: 'paid', shipped: 'shipped' })],
};

for (const [field, decorators] of Object.entries(rules)) {
  for (const decorate of decorators) decorate(NativeFields.prototype, field);
}
