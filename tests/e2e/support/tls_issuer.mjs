// tls_issuer.mjs CERT KEY VERSION - an issuer over TLS on a free port of loopback.
import https from 'node:https';
import fs from 'node:fs';

const [cert, key, version] = process.argv.slice(2);
let calls = 0;
const server = https.createServer({
  cert: fs.readFileSync(cert), key: fs.readFileSync(key),
  minVersion: version, maxVersion: version,
  ciphers: 'DEFAULT:@SECLEVEL=0',
}, (request, response) => {
  request.resume();
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({
    access_token: `canary-token-tls-${++calls}`, expires_in: 7200,
  }));
});
server.listen(0, '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`);
});
