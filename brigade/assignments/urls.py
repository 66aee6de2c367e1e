"""Addresses of tasks."""

from django.urls import include, path

from brigade.assignments import views
from brigade.assignments.api import router

app_name = "assignments"
urlpatterns = [
    path("assignments/", views.AssignmentList.as_view(), name="assignment_list"),
    path("assignments/new/", views.assignment_create, name="assignment_create"),
    path("assignments/<uuid:pk>/", views.assignment_detail, name="assignment_detail"),
    path("assignments/<uuid:pk>/slip/", views.assignment_slip, name="assignment_slip"),
    path("assignments/<uuid:pk>/moves/<slug:code>/", views.assignment_move, name="assignment_move"),
    path("assignments/<uuid:pk>/files/<int:seq>/", views.assignment_file, name="assignment_file"),
    path("api/v1/", include(router.urls)),
]
