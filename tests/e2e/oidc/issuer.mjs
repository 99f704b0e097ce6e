// issuer.mjs [--port N] [--life SECONDS] - oidc-provider as an OAuth2 issuer
// on loopback, for the client-credentials grant.
//
// Prints `listening on http://127.0.0.1:PORT` once it answers. Beside the
// endpoints of the provider (/token, /token/introspection) it has GET /_stats:
// {"issued": N, "failed": N} since it started. Tokens are opaque and live in
// memory: a restarted issuer knows none of its old ones.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

import Provider from 'oidc-provider';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    life: { type: 'string', default: '20' },
  },
});
const life = Number(values.life);

function client(id, method) {
  return {
    client_id: id,
    client_secret: `${id}-secret`,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    response_types: [],
    redirect_uris: [],
    id_token_signed_response_alg: 'ES256',
    scope: 'read write',
  };
}

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const configuration = {
  clients: [
    client('crm', 'client_secret_basic'),
    client('crm-post', 'client_secret_post'),
  ],
  scopes: ['read', 'write'],
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
  },
  ttl: { ClientCredentials: life },
  // Not used by this grant, but the provider warns when they are missing.
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig' }] },
  cookies: { keys: ['loopback only'] },
};

const server = createServer();
server.listen(Number(values.port), '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, configuration);
const stats = { issued: 0, failed: 0 };
provider.on('grant.success', () => { stats.issued += 1; });
provider.on('grant.error', () => { stats.failed += 1; });

const answer = provider.callback();
server.on('request', (request, response) => {
  if (request.url !== '/_stats') return answer(request, response);
  response.setHeader('Content-Type', 'application/json');
  return response.end(JSON.stringify(stats));
});

// Asked to stop, it stops at once: an issuer that goes away is what some
// tests are about.
process.on('SIGTERM', () => process.exit(0));

console.log(`listening on ${issuer}`);
