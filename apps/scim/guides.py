"""
How each identity provider is set up, in its own words, with this organisation's values beside the step that needs them.

Data: a new caller is one more entry. What the words follow stands in `follows`; they change at the vendor without notice.
"""

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.scim.models import SourceKind

Text = str | Promise
BASE_URL, TOKEN, USER_NAME = "{base_url}", "{token}", "userName"


@dataclass(frozen=True, slots=True)
class Step:
    """
    `values` are (the field's name at the vendor, what goes into it); {base_url} is filled in, {token} is not known any more. `calls`: the first
    request comes with this step. The last step of each guide brings the first person.
    """

    text: Text
    values: tuple[tuple[str, str], ...] = ()
    calls: bool = False


@dataclass(frozen=True, slots=True)
class Guide:
    steps: tuple[Step, ...]
    notes: tuple[Text, ...]
    follows: Text


def steps_done(guide: Guide, *, called: bool, people: bool) -> int:
    """How many were taken, as far as it shows here."""
    if people:
        return len(guide.steps)
    return next(number for number, step in enumerate(guide.steps, 1) if step.calls) if called else 0


def guide_for(kind: str, *, base_url: str) -> Guide:
    guide = GUIDES[SourceKind(kind)]
    steps = tuple(
        replace(
            step, values=tuple((field, value.replace(BASE_URL, base_url)) for field, value in step.values)
        )
        for step in guide.steps
    )
    return Guide(steps, guide.notes, guide.follows)


GUIDES = {
    SourceKind.OKTA: Guide(
        steps=(
            Step(
                _(
                    "In Okta, select Admin, then Applications > Applications. Open your application, or make one with Create App Integration (SAML 2.0)."
                )
            ),
            Step(_("On the General tab, edit App Settings and set Provisioning to SCIM. Save.")),
            Step(
                _("On the Provisioning tab, under Integration, select Edit and fill in:"),
                (
                    ("SCIM connector base URL", BASE_URL),
                    ("Unique identifier field for users", USER_NAME),
                    ("Authentication Mode", "HTTP Header"),
                    ("Authorization: Bearer", TOKEN),
                ),
            ),
            Step(
                _(
                    "Under Supported provisioning actions, tick Push New Users, Push Profile Updates and Push Groups."
                )
            ),
            Step(_("Select Test Connector Configuration, then Save."), calls=True),
            Step(
                _(
                    "Under To App, select Edit and enable Create Users, Update User Attributes and Deactivate Users. Save."
                )
            ),
            Step(_("Assign people on the Assignments tab, and groups to send on the Push Groups tab.")),
        ),
        notes=(
            _(
                "Okta never deletes people: whoever is unassigned, suspended or deactivated there is deactivated here."
            ),
            _(
                "An application of Okta's catalogue instead shows Configure API integration with the fields Base URL and API Token."
            ),
        ),
        follows=_("Okta's help for SCIM provisioning of app integrations"),
    ),
    SourceKind.ENTRA: Guide(
        steps=(
            Step(
                _(
                    "In the Microsoft Entra admin center, open Enterprise applications > New application > Create your own application, and choose the non-gallery kind."
                )
            ),
            Step(_("Open the application's Provisioning page and set Provisioning Mode to Automatic.")),
            Step(
                _("Under Admin Credentials, fill in:"),
                (("Tenant URL", BASE_URL + "?aadOptscim062020"), ("Secret Token", TOKEN)),
            ),
            Step(
                _(
                    "Select Test Connection: Entra ID looks for somebody who does not exist, and the request appears here. Save."
                ),
                calls=True,
            ),
            Step(
                _(
                    'Under Mappings, keep userPrincipalName on userName as the matching attribute, and mail on emails[type eq "work"].value.'
                )
            ),
            Step(_("Assign people and groups under Users and groups, and set Provisioning Status to On.")),
        ),
        notes=(
            _(
                "The first cycle starts at once, the following ones about every 40 minutes. “Provision on demand” sends one person now."
            ),
            _(
                "A token that expires puts the whole job into quarantine: give it no end, or renew it in time."
            ),
            _("Whoever is deleted in Entra ID is deactivated here first, and deleted thirty days later."),
            _(
                'A second address may be mapped to emails[type eq "other"].value: it is kept and told back, and used for nothing else.'
            ),
        ),
        follows=_("Microsoft's documentation of SCIM provisioning for non-gallery applications"),
    ),
    SourceKind.ONELOGIN: Guide(
        steps=(
            Step(
                _(
                    "In OneLogin, open Applications > Add App and choose SCIM Provisioner with SAML (SCIM v2 Enterprise)."
                )
            ),
            Step(
                _("On the Configuration tab, fill in, then select Enable under API Connection:"),
                (("SCIM Base URL", BASE_URL), ("SCIM Bearer Token", TOKEN)),
                calls=True,
            ),
            Step(
                _(
                    "Keep the SCIM JSON Template as it is: active in quotes and a single e-mail object are understood."
                )
            ),
            Step(
                _(
                    "On the Provisioning tab, tick Enable provisioning and say what happens to users who are deleted: Suspend or Delete."
                )
            ),
            Step(
                _(
                    "On the Parameters tab, include groups if they are to be sent. Save, then add users to the application."
                )
            ),
        ),
        notes=(
            _(
                "OneLogin sends nobody before Enable provisioning is ticked, even when the connection is green."
            ),
        ),
        follows=_("OneLogin's help for SCIM connectors"),
    ),
    SourceKind.JUMPCLOUD: Guide(
        steps=(
            Step(
                _(
                    "In the JumpCloud Admin Portal, go to USER AUTHENTICATION > SSO Applications, select + Add New Application and choose the custom application."
                )
            ),
            Step(_("Open its Identity Management tab and select SCIM API, SCIM 2.0.")),
            Step(
                _("Fill in:"),
                (("Base URL", BASE_URL), ("Token Key", TOKEN)),
            ),
            Step(
                _("Enter a Test User Email that nobody has here, select Test Connection, then Activate."),
                calls=True,
            ),
            Step(_("Tick the user groups on the User Groups tab. Save.")),
        ),
        notes=(
            _(
                "The test makes a person and a group here and deletes both; the person stays, deactivated, for thirty days."
            ),
            _("Only people who are in a ticked group are sent."),
        ),
        follows=_("JumpCloud's articles on custom SCIM Identity Management"),
    ),
    SourceKind.OTHER: Guide(
        steps=(
            Step(
                _("Enter at the identity provider, wherever it asks for a SCIM 2.0 service:"),
                (("Base URL", BASE_URL), ("Bearer token", TOKEN), ("Unique identifier", USER_NAME)),
            ),
            Step(_("Let it test the connection: the request appears here."), calls=True),
            Step(_("Choose whom it sends: people first, then groups.")),
        ),
        notes=(
            _(
                "What is supported stands in ServiceProviderConfig, Schemas and ResourceTypes below the base URL."
            ),
        ),
        follows=_("RFC 7643 and RFC 7644"),
    ),
}
