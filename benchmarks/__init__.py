"""What claims of speed rest on. Each benchmark runs both sides in turn in one run and ends with one line of JSON.

``python3 dev.py bench NAME [--quick]``. Ratios are reports from full runs; counts are tests too.
"""
