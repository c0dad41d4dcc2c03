export declare class NativeFields {
  name: unknown;
  count: unknown;
  price: unknown;
  active: unknown;
  status: unknown;
}
