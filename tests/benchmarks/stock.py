"""pysaml2 as it comes: a Server that is kept, signing with the xmlsec1 program. The same person, the same two signatures."""

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, config, saml, server, xmldsig

from tests.saml.conftest import ACS, SP, sp_metadata


def responder(folder, keys):
    """A function that makes one signed response as text. `folder` keeps the key's files, as pysaml2 wants them."""
    (folder / "key.pem").write_text(keys.private_key)
    (folder / "certificate.pem").write_text(keys.certificate)
    (folder / "sp.xml").write_bytes(sp_metadata())
    sso = "https://idp.example/sso"
    settings = {
        "entityid": "https://idp.example/metadata",
        "key_file": str(folder / "key.pem"),
        "cert_file": str(folder / "certificate.pem"),
        "metadata": {"local": [str(folder / "sp.xml")]},
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [(sso, BINDING_HTTP_REDIRECT), (sso, BINDING_HTTP_POST)]
                },
                "signing_algorithm": xmldsig.SIG_RSA_SHA256,
                "digest_algorithm": xmldsig.DIGEST_SHA256,
            }
        },
    }
    idp = server.Server(config=config.IdPConfig().load(settings))

    def respond():
        return idp.create_authn_response(
            identity={"email": "bob@acme.example", "firstName": "Bob", "lastName": "Example"},
            in_response_to="_0123456789",
            destination=ACS,
            sp_entity_id=SP,
            name_id=saml.NameID(format=saml.NAMEID_FORMAT_EMAILADDRESS, text="bob@acme.example"),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"},
            sign_response=True,
            sign_assertion=True,
        )

    return respond
