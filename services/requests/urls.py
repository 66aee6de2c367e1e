"""Addresses of requests and of the catalogue, in menu order."""

from django.urls import include, path

from services.requests import views
from services.requests.api import router

app_name = "requests"
urlpatterns = [
    path("services/requests/", views.RequestList.as_view(), name="servicerequest_list"),
    path("services/requests/new/", views.servicerequest_create, name="servicerequest_create"),
    path("services/requests/<uuid:pk>/", views.servicerequest_detail, name="servicerequest_detail"),
    path("services/requests/<uuid:pk>/receipt/", views.servicerequest_receipt, name="servicerequest_receipt"),
    path("services/requests/<uuid:pk>/notice/", views.servicerequest_notice, name="servicerequest_notice"),
    path("services/requests/<uuid:pk>/moves/<slug:code>/", views.servicerequest_move, name="servicerequest_move"),
    path("services/requests/<uuid:pk>/reveal/<slug:field>/", views.servicerequest_reveal, name="servicerequest_reveal"),
    path("services/items/", views.ItemList.as_view(), name="serviceitem_list"),
    path("services/items/<slug:code>/", views.serviceitem_detail, name="serviceitem_detail"),
    path("services/items/<slug:code>/scope/", views.serviceitem_scope, name="serviceitem_scope"),
    path("api/v1/", include(router.urls)),
]
