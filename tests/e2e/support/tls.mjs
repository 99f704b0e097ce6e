// tls.mjs KEY CERT PORT - TLS in front of a plain server on loopback.
//
// Prints `listening on https://localhost:PORT` once it answers.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createServer } from 'node:tls';

const [key, cert, port] = process.argv.slice(2);
const identity = { key: readFileSync(key), cert: readFileSync(cert) };

const server = createServer(identity, (client) => {
  const plain = connect(Number(port), '127.0.0.1');
  for (const [from, to] of [[client, plain], [plain, client]]) {
    from.pipe(to);
    from.on('error', () => to.destroy());
  }
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on https://localhost:${server.address().port}`);
});
