"""Addresses of hazards, in menu order."""

from django.urls import path

from enforcement.hazards import views

app_name = "hazards"
urlpatterns = [
    path("enforcement/hazards/", views.hazard_list, name="hazard_list"),
    path("enforcement/hazards/<uuid:pk>/", views.hazard_detail, name="hazard_detail"),
]
