// A certified OpenID Connect provider with two invented people, who are signed in without being asked for a password:
// whom, a header says. Arguments: its port, the address of the service. https://github.com/panva/node-oidc-provider
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [port, home, algorithm] = process.argv.slice(2);
const kind = algorithm.startsWith("ES") ? ["ec", { namedCurve: "P-256" }] : ["rsa", { modulusLength: 2048 }];
const key = generateKeyPairSync(...kind).privateKey.export({ format: "jwk" });
const PEOPLE = {
  "tram-1": { tramy_role: ["offline_access", "tram"], tramy_places: ["00004"], tramy_organization: "Organization/tyt-1" },
  "so-1": { tramy_role: "officer", tramy_places: ["24"], tramy_organization: "Organization/so-y-te" },
  "nobody-1": {},
};

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "tramy",
      client_secret: "mot khoa: dai & la%",
      redirect_uris: [`${home}/auth/callback`],
      post_logout_redirect_uris: [`${home}/`],
      backchannel_logout_uri: `${home}/auth/backchannel-logout`,
      backchannel_logout_session_required: true,
      id_token_signed_response_alg: algorithm,
    },
  ],
  jwks: { keys: [{ ...key, use: "sig", alg: algorithm, kid: "k1" }] },
  cookies: { keys: ["for the tests alone"] },
  claims: { openid: ["sub", "tramy_role", "tramy_places", "tramy_organization"] },
  conformIdTokenClaims: false,
  enabledJWA: { idTokenSigningAlgValues: ["RS256", "PS256", "ES256"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false }, backchannelLogout: { enabled: true } },
  // The service is on this machine, where a provider in earnest would refuse to call.
  fetch: (url, { dispatcher, ...options }) => fetch(url, { ...options, signal: AbortSignal.timeout(5000) }),
  findAccount: async (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...PEOPLE[id] }) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid");
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith("/interaction/")) return next();
  const accountId = ctx.get("x-person");
  const result = accountId in PEOPLE ? { login: { accountId } } : { error: "access_denied" };
  return provider.interactionFinished(ctx.req, ctx.res, result, { mergeWithLastSubmission: false });
});
provider.on("server_error", (_ctx, error) => console.error(error));
provider.on("backchannel.error", (_ctx, error) => console.error(error));
provider.listen(Number(port), "127.0.0.1", () => console.log("listening"));
