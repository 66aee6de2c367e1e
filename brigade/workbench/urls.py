"""Addresses of the workbench and of the platform slices that have no pages of their own."""

from django.urls import path

from brigade.workbench.views import (
    access,
    audit,
    board,
    duties,
    health,
    home,
    inbox,
    people,
    sign_in,
    units,
)

app_name = "workbench"
urlpatterns = [
    path("", home.home, name="home"),
    path("dashboard/", board.dashboard, name="dashboard"),
    path("obligations/", duties.ObligationList.as_view(), name="obligations"),
    path("notices/", inbox.notice_list, name="notices"),
    path("notices/read/", inbox.notices_read, name="notices_read"),
    path("notices/<int:pk>/", inbox.notice_detail, name="notice_detail"),
    path("audit/", audit.AuditList.as_view(), name="audit_list"),
    path("audit/check/", audit.audit_check, name="audit_check"),
    path("audit/<int:pk>/", audit.audit_detail, name="audit_detail"),
    path("org/units/", units.unit_list, name="unit_list"),
    path("org/units/<int:pk>/", units.unit_detail, name="unit_detail"),
    path("org/units/<int:pk>/open/", units.unit_open, name="unit_open"),
    path("org/units/<int:pk>/move/", units.unit_move, name="unit_move"),
    path("org/units/<int:pk>/close/", units.unit_close, name="unit_close"),
    path("org/people/", people.PersonList.as_view(), name="person_list"),
    path("org/people/enrol/", people.person_enrol, name="person_enrol"),
    path("org/people/<int:pk>/", people.person_detail, name="person_detail"),
    path("org/people/<int:pk>/change/", people.person_change, name="person_change"),
    path("org/people/<int:pk>/post/", people.person_post, name="person_post"),
    path("org/people/<int:pk>/unpost/", people.posting_end, name="posting_end"),
    path("org/people/<int:pk>/account/", people.account_switch, name="account_switch"),
    path("org/people/<int:pk>/password/", people.password_reset, name="password_reset"),
    path("org/people/<int:pk>/reveal/<slug:field>/", people.person_reveal, name="person_reveal"),
    path("org/people/<int:pk>/grant/", people.grant_give, name="grant_give"),
    path("org/grants/<int:pk>/end/", people.grant_end, name="grant_end"),
    path("org/roles/", access.role_list, name="role_list"),
    path("org/access/<str:kind>/<uuid:pk>/", access.record_access, name="record_access"),
    path("login/", sign_in.login, name="login"),
    path("logout/", sign_in.logout, name="logout"),
    path("password/", sign_in.password, name="password"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]
