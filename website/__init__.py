"""The public shell: home, notice and cookie pages, error pages, health."""
