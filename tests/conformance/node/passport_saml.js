// @node-saml/passport-saml as its README sets it up. It reads no metadata of identity providers: an administrator copies the
// address and the certificates out of it, which `copied` does here.
"use strict";

const { Strategy } = require("@node-saml/passport-saml");
const { DOMParser } = require("@xmldom/xmldom");
const xpath = require("xpath");

const MD = "urn:oasis:names:tc:SAML:2.0:metadata";
const BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings";

function copied(metadata) {
  const document = new DOMParser().parseFromString(metadata, "text/xml");
  const select = xpath.useNamespaces({ md: MD, ds: "http://www.w3.org/2000/09/xmldsig#" });
  const location = (service, binding) =>
    select(`string(//md:IDPSSODescriptor/md:${service}[@Binding="${BINDINGS}:${binding}"]/@Location)`, document);
  return {
    entity_id: select("string(/md:EntityDescriptor/@entityID)", document),
    redirect: location("SingleSignOnService", "HTTP-Redirect"),
    post: location("SingleSignOnService", "HTTP-POST"),
    logout: location("SingleLogoutService", "HTTP-Redirect"),
    certificates: select('//md:KeyDescriptor[not(@use="encryption")]//ds:X509Certificate', document).map((node) => node.textContent),
  };
}

function options(base, wanted, idp) {
  const keys = { privateKey: wanted.key, publicCert: wanted.certificate };
  return {
    issuer: `${base}/metadata`,
    callbackUrl: `${base}/acs`,
    logoutCallbackUrl: `${base}/slo`,
    entryPoint: wanted.binding === "post" ? idp.post : idp.redirect,
    logoutUrl: idp.logout || undefined,
    idpCert: idp.certificates,
    idpIssuer: idp.entity_id,
    authnRequestBinding: wanted.binding === "post" ? "HTTP-POST" : "HTTP-Redirect",
    identifierFormat: wanted.name_id_format,
    wantAssertionsSigned: wanted.want_assertion_signed,
    wantAuthnResponseSigned: wanted.want_response_signed,
    validateInResponseTo: "ifPresent",
    forceAuthn: wanted.force_authn,
    passive: wanted.is_passive,
    ...(wanted.authn_context && { authnContext: [wanted.authn_context] }),
    signatureAlgorithm: "sha256",
    digestAlgorithm: "sha256",
    ...(wanted.sign_requests && keys),
    ...(wanted.encrypted && { decryptionPvk: wanted.key }),
  };
}

// What passport itself does with a strategy, without a framework around it.
function outcome(strategy, request, more = {}) {
  return new Promise((resolve, reject) => {
    const running = Object.create(strategy);
    running.success = (profile) => resolve({ profile });
    running.redirect = (location) => resolve({ location });
    running.fail = () => reject(new Error("NoPassive: the signed answer was read, and nobody is signed in"));
    running.error = reject;
    running.pass = () => resolve({});
    running.authenticate(
      {
        headers: {},
        logout: (done) => done(),
        res: { send: (content) => resolve({ type: "text/html; charset=utf-8", content }) },
        ...request,
      },
      more,
    );
  });
}

exports.site = (base) => {
  let strategy, wanted, person;
  return {
    base,
    configure(configuration) {
      wanted = configuration;
      person = undefined;
      const idp = copied(wanted.idp_metadata);
      strategy = new Strategy(
        options(base, wanted, idp),
        (profile, done) => done(null, profile ?? false),
        (profile, done) => done(null, person && profile.nameID === person.nameID ? person : null),
      );
      return { ...idp, certificates: idp.certificates.length };
    },
    metadata: () => strategy.generateServiceProviderMetadata(wanted.encrypted ? wanted.certificate : null, wanted.certificate),
    login: (query) => outcome(strategy, { query }),
    async accept(fields) {
      const { profile } = await outcome(strategy, { body: fields });
      person = profile;
      const lists = Object.entries(profile.attributes ?? {}).map(([name, value]) => [name, [].concat(value)]);
      return {
        name_id: profile.nameID,
        format: profile.nameIDFormat,
        attributes: Object.fromEntries(lists),
        in_response_to: profile.inResponseTo ?? null,
      };
    },
    logout: () => outcome(strategy, { query: {}, user: person }, { samlFallback: "logout-request" }),
    async loggedOut({ query, fields, url }) {
      const said = await outcome(strategy, { query, body: fields, url, user: person });
      person = undefined;
      return said.location ? said : { content: { logged_out: true } };
    },
    who: () => person?.nameID ?? null,
  };
};
