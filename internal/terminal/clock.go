package terminal

import "time"

// everySoOften is how often the times in a region change.
const everySoOften = 100 * time.Millisecond

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
			var now time.Time
			select {
			case <-stopped:
				return
			case <-continued:
				resumed()
				continue
			case now = <-ticker.C:
			}
			select {
			case <-continued:
				resumed()
			default:
			}
			passed := everySoOften
			if !last.IsZero() {
				passed = now.Sub(last)
			}
			last = now
			draw(passed)
		}
	}()
	return func() {
		ticker.Stop()
		ignore()
		close(stopped)
	}
}
