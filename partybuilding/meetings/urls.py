"""Addresses of meetings, decisions, waivers and leave."""

from django.urls import path

from partybuilding.meetings.views import decisions, ledgers, matrices, meetings, mine, musts, returns, writing

app_name = "meetings"
urlpatterns = [
    path("meetings/", ledgers.MeetingList.as_view(), name="meeting_list"),
    path("meetings/new/", writing.meeting_create, name="meeting_create"),
    path("meetings/preview/", writing.meeting_preview, name="meeting_preview"),
    path("meetings/photos/", writing.meeting_photos, name="meeting_photos"),
    path("meetings/people/", writing.people, name="people"),
    path("meetings/matrix/", matrices.matrix, name="matrix"),
    path("meetings/five-musts/", musts.five_musts, name="five_musts"),
    path("meetings/returns/", returns.quarter_return, name="quarter_return"),
    path("meetings/<uuid:pk>/", meetings.meeting_detail, name="meeting_detail"),
    path("meetings/<uuid:pk>/edit/", writing.meeting_edit, name="meeting_edit"),
    path("meetings/<uuid:pk>/minutes/", meetings.meeting_minutes, name="meeting_minutes"),
    path("meetings/<uuid:pk>/sign-in/", meetings.meeting_sign_in, name="meeting_sign_in"),
    path("meetings/<uuid:pk>/photos/<int:seq>/", meetings.meeting_photo, name="meeting_photo"),
    path("meetings/<uuid:pk>/leave/", decisions.leave_create, name="leave_create"),
    path("meetings/<uuid:pk>/moves/<slug:code>/", meetings.meeting_move, name="meeting_move"),
    path("decisions/", ledgers.DecisionList.as_view(), name="decision_list"),
    path("decisions/<uuid:pk>/", decisions.decision_detail, name="decision_detail"),
    path("decisions/<uuid:pk>/moves/<slug:code>/", decisions.decision_move, name="decision_move"),
    path("waivers/", ledgers.WaiverList.as_view(), name="waiver_list"),
    path("waivers/new/", decisions.waiver_create, name="waiver_create"),
    path("waivers/<uuid:pk>/", decisions.waiver_detail, name="waiver_detail"),
    path("waivers/<uuid:pk>/moves/<slug:code>/", decisions.waiver_move, name="waiver_move"),
    path("leaves/<uuid:pk>/", decisions.leave_detail, name="leave_detail"),
    path("leaves/<uuid:pk>/moves/<slug:code>/", decisions.leave_move, name="leave_move"),
    path("mine/", mine.mine, name="mine"),
]
