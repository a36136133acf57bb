"""Who and what the demo tenant starts with. Fictional, and small enough to hold in one's head."""

from dataclasses import dataclass

TENANT = "acme"
TENANT_NAME = "Acme Robotics"
ADMINISTRATOR = "mira.novak"
USER = "ann.lee"


@dataclass(frozen=True, slots=True)
class Person:
    first_name: str
    last_name: str
    job_title: str
    groups: tuple[str, ...]
    timezone: str = "Europe/London"

    @property
    def username(self) -> str:
        ascii_name = f"{self.first_name}.{self.last_name}".lower().translate(
            str.maketrans("áéíóúçğ", "aeioucg")
        )
        return ascii_name.replace(" ", "")

    @property
    def email(self) -> str:
        return f"{self.username}@acme.example"


PEOPLE = (
    Person("Mira", "Novak", "Head of IT", ("Everyone", "IT"), "Europe/Prague"),
    Person("Ann", "Lee", "Software engineer", ("Everyone", "Engineering")),
    Person("Tomás", "Ortega", "Software engineer", ("Everyone", "Engineering"), "Europe/Madrid"),
    Person(
        "Priya", "Raman", "Site reliability engineer", ("Everyone", "Engineering", "Platform"), "Asia/Kolkata"
    ),
    Person("Lena", "Kowalski", "Platform engineer", ("Everyone", "Platform"), "Europe/Warsaw"),
    Person("Jonas", "Weber", "Mechanical designer", ("Everyone", "Design"), "Europe/Berlin"),
    Person("Aiko", "Tanaka", "Product designer", ("Everyone", "Design"), "Asia/Tokyo"),
    Person("Sam", "Okafor", "Marketing lead", ("Everyone", "Marketing"), "Africa/Lagos"),
    Person("Chloé", "Martin", "Writer", ("Everyone", "Marketing"), "Europe/Paris"),
    Person("Diego", "Silva", "Support engineer", ("Everyone",), "America/Sao_Paulo"),
)

GROUPS = {
    "Everyone": "All of Acme",
    "IT": "Administrators of the portal",
    "Engineering": "Builds the robots' software",
    "Platform": "Runs what Engineering builds",
    "Design": "Hardware and product design",
    "Marketing": "Tells the world",
}


@dataclass(frozen=True, slots=True)
class DemoApplication:
    """`target` is whom the sandbox imitates for it; "" for applications without accounts."""

    connector: str
    label: str
    slug: str
    description: str
    groups: tuple[str, ...]
    parameters: tuple[tuple[str, str], ...] = ()
    target: str = ""
    manage_groups: bool = False
    bookmark_url: str = ""


APPLICATIONS = (
    DemoApplication(
        "gitlab_saas",
        "GitLab",
        "gitlab",
        "Source code and CI for everyone in Engineering",
        ("Engineering",),
        (("group_path", "acme-robotics"),),
        target="gitlab_saas",
    ),
    DemoApplication(
        "gitlab_self_managed",
        "GitLab Lab",
        "gitlab-lab",
        "The instance in the robot lab",
        ("Platform",),
        (("host", "gitlab.acme.example"),),
        target="gitlab_self_managed",
    ),
    DemoApplication(
        "pulumi",
        "Pulumi",
        "pulumi",
        "Infrastructure as code",
        ("Engineering", "Platform"),
        (("organization", "acmerobotics"),),
        target="pulumi",
        manage_groups=True,
    ),
    DemoApplication(
        "blogin",
        "BlogIn",
        "blogin",
        "The company blog",
        ("Everyone",),
        (("subdomain", "acme"),),
        target="blogin",
        manage_groups=True,
    ),
    DemoApplication("custom_saml", "Wiki", "wiki", "Notes and how-tos", ("Everyone",)),
    DemoApplication(
        "bookmark",
        "Canteen menu",
        "canteen",
        "What there is to eat this week",
        ("Everyone",),
        bookmark_url="https://www.example.com/canteen",
    ),
)
