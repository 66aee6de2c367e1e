"""Addresses of the portal, in menu order."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("brigade.workbench.urls")),
    path("party/", include("partybuilding.branches.urls")),
    path("", include("services.requests.urls")),
]
