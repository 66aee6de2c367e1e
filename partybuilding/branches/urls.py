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
    path("groups/<int:pk>/end/", views.group_end, name="group_end"),
    path("members/", views.MemberList.as_view(), name="member_list"),
    path("members/<int:pk>/", views.member_detail, name="member_detail"),
    path("members/<int:pk>/move/", views.member_move, name="member_move"),
    path("members/<int:pk>/leave/", views.member_leave, name="member_leave"),
    path("members/<int:pk>/group/", views.member_group, name="member_group"),
    path("members/<int:pk>/status/", views.member_status, name="member_status"),
    path("members/<int:pk>/exempt/", views.member_exempt, name="member_exempt"),
]
