"""Alibaba Cloud's IoT platform: the API of 2018-01-20, in PascalCase."""
