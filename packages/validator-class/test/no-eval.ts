import 'reflect-metadata';
import { compileDto } from '@tenon/validator-class';
import { Type } from 'class-transformer';
import { IsEmail, IsString, ValidateNested } from 'class-validator';

class Part {
  text!: string;
}
IsString()(Part.prototype, 'text');

class Message {
  from!: string;
  parts!: Part[];
}
IsEmail()(Message.prototype, 'from');
ValidateNested({ each: true })(Message.prototype, 'parts');
Type(() => Part)(Message.prototype, 'parts');

const message = compileDto(Message).validate({ from: 'ada@example.org', parts: [{ text: 'Hello' }] }) as Message;

let verdict = 'eval worked';
try {
  new Function('return 1')();
} catch {
  verdict = 'eval refused';
}
process.stdout.write(`${message.constructor.name} ${message.parts[0]?.text}; ${verdict}\n`);
