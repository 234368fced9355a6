"""The reasons for which somebody is asked to care: each its own rule."""
