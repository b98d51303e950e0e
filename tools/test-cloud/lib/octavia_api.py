"""Octavia's API for uWSGI."""
import os
import sys

sys.path.append(os.path.dirname(os.path.abspath(__file__)))
import testcloud_octavia  # noqa: E402

testcloud_octavia.quick_types()
testcloud_octavia.native_locks()
from octavia.api.app import setup_app  # noqa: E402

application = setup_app()
