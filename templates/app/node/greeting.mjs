// What the service says. Change it, commit, push, and watch it reach production.
export const text = "Hello from a mayfly";
