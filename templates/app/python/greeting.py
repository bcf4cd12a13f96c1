# What the service says. Change it, commit, push, and watch it reach production.
TEXT = "Hello from a mayfly"
