"""Who may do what with units, people and grants."""

from brigade.org.states import Role

GRANTS: dict[str, tuple[Role, ...]] = {
    "org.view_unit": tuple(Role),
    "org.change_unit": (Role.SYSTEM_ADMIN,),
    "org.change_person": (Role.SYSTEM_ADMIN,),
    "org.change_grant": (Role.SECURITY_ADMIN,),
}
