"""The built-in web dashboard: pages, their API and live stream."""
