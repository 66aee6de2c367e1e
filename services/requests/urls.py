"""Addresses of requests and of the catalogue, in menu order."""

from django.urls import include, path

from services.requests import views
from services.requests.api import router

app_name = "requests"
urlpatterns = [
    path("services/requests/", views.RequestList.as_view(), name="servicerequest_list"),
    path("services/requests/new/", views.request_create, name="servicerequest_create"),
    path("services/requests/<uuid:pk>/", views.request_detail, name="servicerequest_detail"),
    path("services/requests/<uuid:pk>/receipt/", views.request_receipt, name="request_receipt"),
    path("services/requests/<uuid:pk>/notice/", views.request_notice, name="request_notice"),
    path("services/requests/<uuid:pk>/moves/<slug:code>/", views.request_move, name="request_move"),
    path("services/requests/<uuid:pk>/reveal/<slug:field>/", views.request_reveal, name="request_reveal"),
    path("services/items/", views.ItemList.as_view(), name="serviceitem_list"),
    path("api/v1/", include(router.urls)),
]
