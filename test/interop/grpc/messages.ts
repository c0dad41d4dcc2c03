import { Type } from 'class-transformer';
import { IsArray, IsBoolean, IsInstance, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';

// What gRPC's interoperability tests send, as classes: of their fields those that the cases use. The numbers stand in test-service.proto.lock.json.

export class Payload {
  /** Zero: bytes that compress well. There is no other. */
  @IsInt() type!: number;
  @IsInstance(Uint8Array) body!: Uint8Array;
}

export class EchoStatus {
  @IsInt() code!: number;
  @IsString() message!: string;
}

export class BoolValue {
  @IsBoolean() value!: boolean;
}

export class SimpleRequest {
  @IsInt() responseType!: number;
  @IsInt() responseSize!: number;
  @IsOptional() @ValidateNested() @Type(() => Payload) payload?: Payload;
  @IsOptional() @ValidateNested() @Type(() => EchoStatus) responseStatus?: EchoStatus;
  /** Whether the caller says that it has compressed the request. */
  @IsOptional() @ValidateNested() @Type(() => BoolValue) expectCompressed?: BoolValue;
}

export class SimpleResponse {
  @IsOptional() @ValidateNested() @Type(() => Payload) payload?: Payload;
}

export class StreamingInputCallRequest {
  @IsOptional() @ValidateNested() @Type(() => Payload) payload?: Payload;
}

export class StreamingInputCallResponse {
  @IsInt() aggregatedPayloadSize!: number;
}

export class ResponseParameters {
  @IsInt() size!: number;
  @IsInt() intervalUs!: number;
}

export class StreamingOutputCallRequest {
  @IsInt() responseType!: number;
  @IsArray() @ValidateNested({ each: true }) @Type(() => ResponseParameters) responseParameters!: ResponseParameters[];
  @IsOptional() @ValidateNested() @Type(() => Payload) payload?: Payload;
  @IsOptional() @ValidateNested() @Type(() => EchoStatus) responseStatus?: EchoStatus;
}

export class StreamingOutputCallResponse {
  @IsOptional() @ValidateNested() @Type(() => Payload) payload?: Payload;
}
