package phases

import (
	"slices"
	"testing"
)

// TestEveryTemplateSaysItsPhase guards what [furthest] reads: the description
// of a template names its phase by number and folder.
func TestEveryTemplateSaysItsPhase(t *testing.T) {
	for _, p := range slices.Concat(All, Bonus) {
		number, folder := describedPhase(string(p.Template()))
		if number != p.Number() || folder != p.Name {
			t.Errorf("the template of phase %d, %s, says phase %d, %s", p.Number(), p.Name, number, folder)
		}
	}
	if number, folder := describedPhase("Somebody's stack"); number != 0 || folder != "" {
		t.Errorf("got %d, %s", number, folder)
	}
}

func TestNoGreetingIsTakenBack(t *testing.T) {
	file := "const Text = \"" + greetFilling + "\"\n"
	if !saysLater(file, greetPipeline) {
		t.Error("phase 3 would take back the greeting of phase 5")
	}
	if saysLater(file, greetFilling) || saysLater(file, greetWarm) || saysLater(`"my own"`, greetPipeline) {
		t.Error("a greeting that is not of a later phase stays")
	}
}

// TestSabotages wants every way to name a check that its phase, or one before it, asks.
func TestSabotages(t *testing.T) {
	names := map[string]bool{}
	const least = 12
	if len(Sabotages) < least {
		t.Errorf("there are %d ways, want %d", len(Sabotages), least)
	}
	for _, s := range Sabotages {
		if names[s.Name] || s.Name == "" || s.Story == "" || s.Do == nil {
			t.Errorf("%q wants a name of its own, a story and a Do", s.Name)
		}
		names[s.Name] = true
		asked := false
		for _, p := range All[:s.Phase.Number()] {
			for _, c := range p.Checks() {
				asked = asked || c.Name == s.Reveals
			}
		}
		if !asked {
			t.Errorf("%s is revealed by %q, which no check up to %s is called", s.Name, s.Reveals, s.Phase.Name)
		}
	}
	if _, err := FindSabotage("none"); err == nil {
		t.Error("a way was found that there is not")
	}
}
