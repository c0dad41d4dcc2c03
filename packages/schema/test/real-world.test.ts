import 'reflect-metadata';
import { ServiceError } from '@tenon/contract';
import { describe, expect, it } from 'vitest';
import { decodeLayout, encodeLayout, type Layout, layoutHash, SchemaReader } from '../src/index.js';
import { realWorldDtos } from './real-world/index.js';

const reader = new SchemaReader();
const layouts = realWorldDtos.flatMap(({ name, dto }): [string, Layout][] => {
  const { layout } = reader.read(dto);
  return layout === undefined ? [] : [[name, layout]];
});

describe('thirty DTOs as people write them', () => {
  it('are thirty, each under its own name and with values', () => {
    expect(new Set(realWorldDtos.map(({ name }) => name)).size).toBe(30);
    for (const { name, dto, valid } of realWorldDtos) {
      expect(dto.name).toBe(name);
      expect(valid.length).toBeGreaterThan(0);
    }
  });

  it('have a layout, all but three at most, and the others say why', () => {
    const others = realWorldDtos.flatMap(({ dto }) => {
      const { layout, obstacles } = reader.read(dto);
      return layout === undefined ? obstacles : [];
    });
    const line = `${layouts.length} of ${realWorldDtos.length} have a layout; ${others.join('; ')}`;
    process.stdout.write(`${line}\n`);
    expect(layouts.length, line).toBeGreaterThanOrEqual(27);
    expect(others.length).toBeGreaterThanOrEqual(realWorldDtos.length - layouts.length);
  });

  it.each(layouts)('%s: its layout is read again as it was written', (_, layout) => {
    const bytes = encodeLayout(layout);
    const again = decodeLayout(bytes, 0, bytes.length);
    expect(again).toEqual(layout);
    expect(layoutHash(again)).toBe(layoutHash(layout));
  });

  it.each(layouts)(
    '%s: its layout with a part cut off or a bit turned is refused, or is another in its one form',
    (_, one) => {
      const bytes = encodeLayout(one);
      for (let end = 0; end < bytes.length; end += 1) {
        expect(() => decodeLayout(bytes, 0, end), `cut at ${end}`).toThrow(ServiceError);
      }
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const turned = Buffer.from(bytes);
        turned[bit >> 3] = (turned[bit >> 3] as number) ^ (1 << (bit & 7));
        const again = decoded(turned);
        if (again !== undefined && !encodeLayout(again).equals(turned)) expect.fail(`bit ${bit} makes a second form`);
      }
    },
  );

  it('keep the layouts that they had, so that nodes of two versions need not tell each other theirs', () => {
    const hashes = Object.fromEntries(layouts.map(([name, layout]) => [name, layoutHash(layout)]));
    expect(hashes).toMatchInlineSnapshot(`
      {
        "AuditRecord": "4115fb35f47b49531d38cbaf9844b53d",
        "Booking": "5ae8873daca038ee5da059b08c41981d",
        "CalendarEvent": "4f7236b2e0f5def731ec5b48e298a2d0",
        "ChatMessage": "a30cd1f8b71aa022a22b8533e313aa75",
        "ClaimHandle": "e964be84e92ffb5cd66d4d02ee44d798",
        "Comment": "fc3bec956dec28a92069149bb92b94ff",
        "CreateOrder": "6345f697c04b40d3504cb673536f74ed",
        "FeatureFlags": "3517a2368c2341e3b880472eae4092a2",
        "GeoFence": "8c2ed243c28aca6b1de22ba8351ad7d7",
        "Invoice": "3d7d0f6a03c8c09bbded900ba614ce03",
        "LedgerEntry": "b6557dbc21e8aa367f5b70cb61be7b00",
        "MatrixProduct": "7ddfdc932bad266e514a9f212efe4535",
        "Notification": "bcfc64326379babf746c325e796bac49",
        "PartnerLead": "03ae4c5259204c452d6f44246151c76e",
        "Payment": "3375251de110bd6347108de049737cfc",
        "Product": "ab6fd9582200431a6702adb79820447b",
        "RefundRequest": "200e1ae4fbc7fcb02e8a5e6d54d650d0",
        "RegisterUser": "54dc01abf1859973cf9bf2cf312ae62c",
        "ResourceMetadata": "57c8cd2f61d091a92eef3eabc60a5da2",
        "SearchPage": "b51b2a621a3ce182dd1f469a333ccf86",
        "SearchQuery": "3d287f1c0e372a0d9a1c006a8a5a46fe",
        "SensorBatch": "d08c84c0bb29d767de5fd591401037ac",
        "Settings": "cbcb4daee59a107b8ce62b09727a2e8d",
        "ShippingLabelRequest": "1c01d317d3d4def82b96d46afdf5c379",
        "SignIn": "0bae61d556422c848136204dbf53a0c4",
        "SubscriptionChange": "fd8bbc9b8ff3871e5b9f34db4d2ea324",
        "UpdateProfile": "294a7b06f316c152500d6e2941ac77a9",
        "Upload": "442dc5faf541c1fb90382cd4dcdde885",
        "WebhookDelivery": "acbebfe80840a409512a703f5d50416d",
      }
    `);
  });

  it('hold a value of the kind that the layout says in most fields that were sent', () => {
    const fields = realWorldDtos.flatMap(({ dto, valid }) => {
      const known = new Map(reader.read(dto).fields.map((field) => [field.name, field]));
      return valid.flatMap((value) =>
        Object.entries(value).map(([name, sent]) => ({ sent: sent as unknown, type: known.get(name)?.type.kind })),
      );
    });
    const fitting = fields.filter(({ sent, type }) => fits(sent, type));
    const exact = fitting.filter(({ type }) => type !== 'any');
    process.stdout.write(`${exact.length} of ${fields.length} sent fields have a type and fit it\n`);
    expect(exact.length / fields.length).toBeGreaterThan(0.85);
  });
});

function decoded(bytes: Buffer): Layout | undefined {
  try {
    return decodeLayout(bytes, 0, bytes.length);
  } catch (error) {
    expect(error).toMatchObject({ code: 'InvalidArgument' });
    return undefined;
  }
}

function fits(value: unknown, type: string | undefined): boolean {
  if (value === null || type === 'any') return true;
  switch (type) {
    case 'enum':
      return typeof value === 'string' || typeof value === 'number';
    case 'integer':
      return Number.isSafeInteger(value);
    case 'date':
      return value instanceof Date;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'array':
      return Array.isArray(value);
    case 'record':
    case 'map':
    case 'union':
      return typeof value === 'object' && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
