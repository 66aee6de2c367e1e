"""Addresses of the portal and of what it is measured against."""

from django.urls import include, path

from tests.bench.pages import PlainList, SealedList, site

urlpatterns = [
    path("bench/sealed/", SealedList.as_view(), name="bench_sealed"),
    path("bench/plain/", PlainList.as_view(), name="bench_plain"),
    path("bench/admin/", site.urls),
    path("", include("brigade.config.urls")),
]
