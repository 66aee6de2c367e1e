"""Addresses of requests and of the catalogue, in menu order."""

from django.urls import URLPattern

app_name = "requests"
urlpatterns: list[URLPattern] = []
