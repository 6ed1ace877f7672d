"""Payloads of Sparkplug B, as bytes and as messages, for publishers, hosts and connections to machines."""
