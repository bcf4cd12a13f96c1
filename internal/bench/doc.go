// Package bench measures mayfly's speed targets: `make bench` runs it and
// prints them as one table, which docs/performance.md keeps with the method.
//
// It holds benchmarks only. What is measured is the program that people run,
// as processes, on the machine as it is: medians over several runs, and beside
// each figure something measured in the same minute to compare it with, where
// there is such a thing.
//
// MAYFLY_BENCH_FULL=1 adds what needs the sample application built for real,
// which takes some minutes. MAYFLY_BENCH_ENVIRONMENTS makes the teardown's
// hundred environments fewer.
package bench
