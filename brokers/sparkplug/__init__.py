"""Sparkplug B after version 3.0 of its specification: edge node and host application."""
