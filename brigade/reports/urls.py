"""Addresses of reports."""

from django.urls import include, path

from brigade.reports import views
from brigade.reports.api import router

app_name = "reports"
urlpatterns = [
    path("reports/", views.ReportList.as_view(), name="report_list"),
    path("reports/new/", views.report_create, name="report_create"),
    path("reports/<uuid:pk>/", views.report_detail, name="report_detail"),
    path("reports/<uuid:pk>/moves/<slug:code>/", views.report_move, name="report_move"),
    path("api/v1/", include(router.urls)),
]
