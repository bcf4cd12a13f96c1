package terminal

import "time"

// everySoOften is how often the times in a region change.
const everySoOften = 100 * time.Millisecond

// aGap is how long nothing ticks where the process was stopped, or the machine is very busy.
const aGap = 3 * everySoOften

// tick calls draw every so often, with the time that has passed since. Before
// that it calls resumed where the process was stopped meanwhile: somebody else
// has written into the terminal, and the cursor is no longer where it was.
func tick(draw func(passed time.Duration), resumed func()) (stop func()) {
	ticker := time.NewTicker(everySoOften)
	continued, ignore := continues()
	stopped := make(chan struct{})
	go func() {
		var last time.Time
		for {
			select {
			case <-stopped:
				return
			case <-continued:
				resumed()
			case now := <-ticker.C:
				passed := everySoOften
				if !last.IsZero() {
					passed = now.Sub(last)
				}
				last = now
				if passed > aGap { // the signal that tells why comes with the tick, before it or behind
					select {
					case <-continued:
						resumed()
					case <-time.After(everySoOften / 2):
					}
				}
				draw(passed)
			}
		}
	}()
	return func() {
		ticker.Stop()
		ignore()
		close(stopped)
	}
}
