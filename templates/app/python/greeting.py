# What the service says.

# The greeting. Change it, commit, push, and watch it reach production.
TEXT = "Hello from a mayfly"
