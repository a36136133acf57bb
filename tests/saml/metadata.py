"""A service provider's metadata, as a test wants it."""

ACS = "https://sp.example/acs"
SP = "https://sp.example/metadata"


def sp_metadata(
    *,
    entity_id=SP,
    acs=f'<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{ACS}" index="0"/>',
    keys="",
    formats="",
    role_attributes="",
    attributes="",
):
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}" {attributes}>
  <!-- made by hand -->
  <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol" {role_attributes}>
    {keys}{formats}{acs}
  </md:SPSSODescriptor>
</md:EntityDescriptor>""".encode()
