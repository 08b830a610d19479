"""The demonstration of ``dev.py demo``: made-up data, the portal's processes, and the check that does the main job."""
