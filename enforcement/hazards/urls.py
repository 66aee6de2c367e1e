"""Addresses of hazards, in menu order."""

from django.urls import include, path

from enforcement.hazards.api import router
from enforcement.hazards.views import ledgers, maps, owners, photos, records, roads, writing

app_name = "hazards"
urlpatterns = [
    path("enforcement/hazards/", ledgers.HazardList.as_view(), name="hazard_list"),
    path("enforcement/hazards/sent/", ledgers.SentList.as_view(), name="sent_list"),
    path("enforcement/hazards/map/", maps.hazard_map, name="hazard_map"),
    path("enforcement/hazards/map/points/", maps.hazard_points, name="hazard_points"),
    path("enforcement/hazards/map/outline/", maps.district_outline, name="district_outline"),
    path("enforcement/hazards/new/", writing.hazard_create, name="hazard_create"),
    path("enforcement/hazards/new/near/", writing.hazard_near, name="hazard_near"),
    path("enforcement/hazards/photos/", photos.photo_add, name="photo_add"),
    path("enforcement/hazards/photos/<uuid:pk>/", photos.photo_own, name="photo_own"),
    path("enforcement/hazards/owners/", owners.OwnerList.as_view(), name="owner_list"),
    path("enforcement/hazards/owners/new/", owners.owner_create, name="owner_create"),
    path("enforcement/hazards/owners/<int:pk>/", owners.owner_edit, name="owner_edit"),
    path("enforcement/hazards/owners/<int:pk>/phone/", owners.owner_reveal, name="owner_reveal"),
    path("enforcement/hazards/roads/", roads.RoadList.as_view(), name="road_list"),
    path("enforcement/hazards/roads/new/", roads.road_create, name="road_create"),
    path("enforcement/hazards/roads/<int:pk>/", roads.road_edit, name="road_edit"),
    path("enforcement/hazards/<uuid:pk>/", records.hazard_detail, name="hazard_detail"),
    path("enforcement/hazards/<uuid:pk>/phone/", owners.hazard_phone, name="hazard_phone"),
    path("enforcement/hazards/<uuid:pk>/moves/<slug:code>/", records.hazard_move, name="hazard_move"),
    path("enforcement/hazards/<uuid:pk>/photos/<int:number>/", photos.hazard_photo, name="hazard_photo"),
    path("enforcement/hazards/<uuid:pk>/documents/<int:number>/", records.hazard_document, name="hazard_document"),
    path("api/v1/", include(router.urls)),
]
