"""Addresses of the workbench and of the platform slices that have no pages of their own."""

from django.urls import path

from brigade.workbench.views import board, duties, home, inbox

app_name = "workbench"
urlpatterns = [
    path("", home.home, name="home"),
    path("dashboard/", board.dashboard, name="dashboard"),
    path("obligations/", duties.ObligationList.as_view(), name="obligations"),
    path("notices/", inbox.notice_list, name="notices"),
    path("notices/read/", inbox.notices_read, name="notices_read"),
    path("notices/<int:pk>/", inbox.notice_detail, name="notice_detail"),
]
