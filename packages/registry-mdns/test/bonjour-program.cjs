const { Bonjour } = require('bonjour-service');

// A browser and a responder of others: finds what is of type `tenon`, and publishes one service of its own.
const bonjour = new Bonjour({ interface: process.argv[2], bind: '0.0.0.0' });
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const browser = bonjour.find({ type: 'tenon' });
const seen = ({ name, host, port, addresses, txt }) => ({ name, host, port, addresses, txt });
browser.on('up', (service) => say({ up: seen(service) }));
browser.on('down', (service) => say({ down: service.name }));
bonjour.publish({
  name: 'printer-7',
  type: 'tenon',
  port: 5151,
  host: 'printer.local',
  disableIPv6: true,
  txt: { service: 'printing', version: '3.0.0', room: '12' },
});
process.once('SIGTERM', () => bonjour.unpublishAll(() => bonjour.destroy(() => process.exit())));
