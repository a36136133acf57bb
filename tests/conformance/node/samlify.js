// samlify as its README sets it up, with its own validator of the XML schema. What it leaves to the application is done here
// as its documentation asks: remembering the ids of the requests that were sent, and comparing the audience and the address.
"use strict";

const samlify = require("samlify");

samlify.setSchemaValidator(require("@authenio/samlify-xmllint-wasm"));

const BINDINGS = "urn:oasis:names:tc:SAML:2.0:bindings";
const PASSIVE = samlify.SamlLib.defaultLoginRequestTemplate.context
  .replace(" ForceAuthn=", ' IsPassive="true" ForceAuthn=')
  .replace(/ AssertionConsumerServiceIndex="[^"]*"/, "")
  .replace(/ ForceAuthn="[^"]*"/, "");

// Where its own signature goes in a posted request; what it would take otherwise is made for responses.
const AFTER_THE_ISSUER = {
  prefix: "ds",
  location: { reference: "/*[local-name(.)='AuthnRequest']/*[local-name(.)='Issuer']", action: "after" },
};

function serviceProvider(base, wanted) {
  return samlify.ServiceProvider({
    entityID: `${base}/metadata`,
    authnRequestsSigned: wanted.sign_requests,
    wantAssertionsSigned: wanted.want_assertion_signed,
    wantMessageSigned: wanted.want_response_signed,
    wantLogoutRequestSigned: true,
    wantLogoutResponseSigned: true,
    signatureConfig: AFTER_THE_ISSUER,
    signingCert: wanted.certificate,
    privateKey: wanted.key,
    encryptCert: wanted.encrypted ? wanted.certificate : undefined,
    encPrivateKey: wanted.encrypted ? wanted.key : undefined,
    nameIDFormat: [wanted.name_id_format],
    assertionConsumerService: [{ Binding: `${BINDINGS}:HTTP-POST`, Location: `${base}/acs` }],
    singleLogoutService: [
      { Binding: `${BINDINGS}:HTTP-Redirect`, Location: `${base}/slo` },
      { Binding: `${BINDINGS}:HTTP-POST`, Location: `${base}/slo` },
    ],
    ...(wanted.is_passive && { loginRequestTemplate: { context: PASSIVE } }),
  });
}

// A template of one's own is filled by a function of one's own, which also makes the id.
function filled(sp, idp, base, binding) {
  return (template) => {
    const id = sp.entitySetting.generateID();
    const values = {
      ID: id,
      IssueInstant: new Date().toISOString(),
      Destination: idp.entityMeta.getSingleSignOnService(binding),
      ProtocolBinding: `${BINDINGS}:HTTP-POST`,
      AssertionConsumerServiceURL: `${base}/acs`,
      Issuer: sp.entityMeta.getEntityID(),
      NameIDFormat: [].concat(sp.entityMeta.getNameIDFormat())[0],
      AllowCreate: "false",
    };
    return { id, context: samlify.SamlLib.replaceTagsByValue(template, values) };
  };
}

function refuse(condition, sentence) {
  if (condition) throw new Error(sentence);
}

exports.site = (base, form) => {
  const sent = new Set();
  let sp, idp, wanted, person;

  function checked(extract) {
    const audience = [].concat(extract.audience);
    refuse(!audience.includes(sp.entityMeta.getEntityID()), `audience ${audience}`);
    refuse(extract.response.destination !== `${base}/acs`, `destination ${extract.response.destination}`);
    const answered = extract.response.inResponseTo || null;
    refuse(answered && !sent.delete(answered), "nobody asked for this");
    return answered;
  }

  return {
    base,
    configure(configuration) {
      wanted = configuration;
      person = undefined;
      sp = serviceProvider(base, wanted);
      idp = samlify.IdentityProvider({
        metadata: wanted.idp_metadata,
        isAssertionEncrypted: wanted.encrypted,
        wantLogoutRequestSigned: true,
        wantLogoutResponseSigned: true,
      });
      return {
        entity_id: idp.entityMeta.getEntityID(),
        redirect: idp.entityMeta.getSingleSignOnService("redirect"),
        post: idp.entityMeta.getSingleSignOnService("post"),
        certificates: [].concat(idp.entityMeta.getX509Certificate("signing")).length,
      };
    },
    metadata: () => sp.getMetadata(),
    login(query) {
      const relayState = query.RelayState ?? "";
      const request = sp.createLoginRequest(idp, wanted.binding, {
        relayState,
        ...(wanted.force_authn && { forceAuthn: true }),
        ...(wanted.acs_index !== null && { assertionConsumerServiceIndex: wanted.acs_index }),
        ...(wanted.is_passive && { customTagReplacement: filled(sp, idp, base, wanted.binding) }),
      });
      sent.add(request.id);
      if (wanted.binding === "redirect") return { location: request.context };
      return form(request.entityEndpoint, { SAMLRequest: request.context, ...(relayState && { RelayState: relayState }) });
    },
    async accept(fields) {
      const { extract } = await sp.parseLoginResponse(idp, "post", { body: fields });
      const in_response_to = checked(extract);
      person = { logoutNameID: extract.nameID, sessionIndex: extract.sessionIndex?.sessionIndex };
      const lists = Object.entries(extract.attributes ?? {}).map(([name, value]) => [name, [].concat(value)]);
      return { name_id: extract.nameID, format: null, attributes: Object.fromEntries(lists), in_response_to };
    },
    logout() {
      const request = sp.createLogoutRequest(idp, "redirect", person);
      return { location: request.context };
    },
    async loggedOut({ query, fields, raw }) {
      const binding = query.SAMLRequest || query.SAMLResponse ? "redirect" : "post";
      const octets = raw.replace(/&Signature=[^&]*/, "");
      const received = { query, body: fields, octetString: octets };
      if (query.SAMLResponse || fields.SAMLResponse) {
        await sp.parseLogoutResponse(idp, binding, received);
        person = undefined;
        return { content: { logged_out: true } };
      }
      const { extract } = await sp.parseLogoutRequest(idp, binding, received);
      person = undefined;
      const relayState = query.RelayState ?? fields.RelayState ?? "";
      return { location: sp.createLogoutResponse(idp, { extract }, "redirect", relayState).context };
    },
    who: () => person?.logoutNameID ?? null,
  };
};
