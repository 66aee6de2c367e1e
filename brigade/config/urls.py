"""Addresses of the portal, in menu order."""

from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from partybuilding.branches.api import router as branches
from partybuilding.meetings.api import router as meetings

handler500 = "brigade.kit.web.broken"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("brigade.workbench.urls")),
    path("", include("brigade.assignments.urls")),
    path("", include("brigade.reports.urls")),
    path("party/", include("partybuilding.meetings.urls")),
    path("party/", include("partybuilding.branches.urls")),
    path("", include("enforcement.hazards.urls")),
    path("", include("services.requests.urls")),
    path("api/v1/", include(meetings.urls)),
    path("api/v1/", include(branches.urls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api_schema"), name="api_docs"),
]
