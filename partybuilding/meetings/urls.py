"""Addresses of meetings, decisions, waivers and leave."""

from django.urls import path

from partybuilding.meetings import views

app_name = "meetings"
urlpatterns = [
    path("meetings/", views.MeetingList.as_view(), name="meeting_list"),
    path("meetings/new/", views.meeting_new, name="meeting_new"),
    path("meetings/preview/", views.meeting_preview, name="meeting_preview"),
    path("meetings/photos/", views.meeting_photos, name="meeting_photos"),
    path("meetings/people/", views.people, name="people"),
    path("meetings/matrix/", views.matrix, name="matrix"),
    path("meetings/<uuid:pk>/", views.meeting_detail, name="meeting_detail"),
    path("meetings/<uuid:pk>/edit/", views.meeting_edit, name="meeting_edit"),
    path("meetings/<uuid:pk>/minutes/", views.meeting_minutes, name="meeting_minutes"),
    path("meetings/<uuid:pk>/sign-in/", views.meeting_sign_in, name="meeting_sign_in"),
    path("meetings/<uuid:pk>/photos/<int:seq>/", views.meeting_photo, name="meeting_photo"),
    path("meetings/<uuid:pk>/leave/", views.leave_new, name="leave_new"),
    path("meetings/<uuid:pk>/moves/<slug:code>/", views.meeting_move, name="meeting_move"),
    path("decisions/", views.DecisionList.as_view(), name="decision_list"),
    path("decisions/<uuid:pk>/", views.decision_detail, name="decision_detail"),
    path("decisions/<uuid:pk>/moves/<slug:code>/", views.decision_move, name="decision_move"),
    path("waivers/", views.WaiverList.as_view(), name="waiver_list"),
    path("waivers/new/", views.waiver_new, name="waiver_new"),
    path("waivers/<uuid:pk>/", views.waiver_detail, name="waiver_detail"),
    path("waivers/<uuid:pk>/moves/<slug:code>/", views.waiver_move, name="waiver_move"),
    path("leaves/<uuid:pk>/", views.leave_detail, name="leave_detail"),
    path("leaves/<uuid:pk>/moves/<slug:code>/", views.leave_move, name="leave_move"),
    path("mine/", views.mine, name="mine"),
]
