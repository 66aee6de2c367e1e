"""Addresses of branches and members."""

from django.urls import path

from partybuilding.branches import views

app_name = "branches"
urlpatterns = [
    path("branches/", views.branch_list, name="branch_list"),
    path("branches/<int:pk>/", views.branch_detail, name="branch_detail"),
    path("branches/<int:pk>/change/", views.branch_change, name="branch_change"),
    path("branches/<int:pk>/groups/add/", views.group_add, name="group_add"),
    path("branches/<int:pk>/members/enrol/", views.member_enrol, name="member_enrol"),
    path("branches/<int:pk>/terms/new/", views.term_create, name="term_create"),
    path("branches/<int:pk>/terms/extend/", views.term_extend, name="term_extend"),
    path("branches/<int:pk>/committee/", views.committee_seat, name="committee_seat"),
    path("groups/<int:pk>/end/", views.group_end, name="group_end"),
    path("members/", views.MemberList.as_view(), name="member_list"),
    path("members/<int:pk>/", views.member_detail, name="member_detail"),
    path("members/<int:pk>/transfer/", views.transfer_create, name="transfer_create"),
    path("members/<int:pk>/sanction/", views.member_sanction, name="member_sanction"),
    path("members/<int:pk>/exclude/", views.member_exclude, name="member_exclude"),
    path("members/<int:pk>/group/", views.member_group, name="member_group"),
    path("members/<int:pk>/status/", views.member_status, name="member_status"),
    path("members/<int:pk>/exempt/", views.member_exempt, name="member_exempt"),
    path("exemptions/<int:pk>/review/", views.exemption_review, name="exemption_review"),
    path("exclusions/<int:pk>/change/", views.exclusion_change, name="exclusion_change"),
    path("transfers/", views.TransferList.as_view(), name="transfer_list"),
    path("transfers/<uuid:pk>/", views.transfer_detail, name="transfer_detail"),
    path("transfers/<uuid:pk>/moves/<slug:code>/", views.transfer_move, name="transfer_move"),
]
