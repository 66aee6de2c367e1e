"""Addresses of hazards, in menu order."""

from django.urls import include, path

from enforcement.hazards.api import router
from enforcement.hazards.views import ledgers, maps, records

app_name = "hazards"
urlpatterns = [
    path("enforcement/hazards/", ledgers.HazardList.as_view(), name="hazard_list"),
    path("enforcement/hazards/map/", maps.hazard_map, name="hazard_map"),
    path("enforcement/hazards/map/points/", maps.hazard_points, name="hazard_points"),
    path("enforcement/hazards/map/outline/", maps.district_outline, name="district_outline"),
    path("enforcement/hazards/<uuid:pk>/", records.hazard_detail, name="hazard_detail"),
    path("api/v1/", include(router.urls)),
]
