package conformance

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/mayfly-cd/mayfly/localaws"
)

// accountVariable names the account against which assumptions are run instead
// of a local AWS, with the credentials and the region of the SDK's default chain.
const accountVariable = "MAYFLY_ASSUME_ON_ACCOUNT"

var update = flag.Bool("update", false, "write docs/assumptions.md")

// TestMain has assumptions run beside each other, since most of them wait.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); os.Getenv(accountVariable) == "" && f.Value.String() == f.DefValue {
		if err := f.Value.Set("8"); err != nil {
			panic(err)
		}
	}
	m.Run()
}

// TestAssumptions holds AWS against each assumption.
func TestAssumptions(t *testing.T) {
	account := os.Getenv(accountVariable)
	at := local
	if account != "" {
		at = func(t *testing.T) Target { t.Helper(); return remote(t, account) }
	}
	target := at(t)
	for _, a := range All() {
		t.Run(a.String(), func(t *testing.T) {
			t.Parallel()
			if account != "" && a.LocalOnly != "" {
				t.Skip(a.LocalOnly)
			}
			failures := a.Check(t.Context(), target)
			if a.Known == "" || account != "" {
				for _, failure := range failures {
					t.Error(failure)
				}
				return
			}
			if len(failures) == 0 {
				t.Errorf("this holds now: take away Known, %q", a.Known)
			}
			t.Logf("known: %s\n%s", a.Known, strings.Join(failures, "\n"))
		})
	}
}

// local is a local AWS that ends with the test.
func local(t *testing.T) Target {
	t.Helper()
	s, cfg, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return Target{
		Config: cfg, Account: s.Account, Patience: 30 * time.Second, Pause: 10 * time.Millisecond,
		Now: time.Now, //nolint:forbidigo // the server's clock
		Disturbed: func(fault string) (aws.Config, func() error, error) {
			s, cfg, err := start(fault)
			if err != nil {
				return cfg, nil, err
			}
			return cfg, s.Close, nil
		},
	}
}

// start starts a local AWS in a folder that goes with it.
func start(faults ...string) (*localaws.Server, aws.Config, error) {
	s, err := localaws.Start(localaws.Options{Region: "eu-west-1", Account: "123456789012", Faults: faults})
	if err != nil {
		return nil, aws.Config{}, err
	}
	cfg := s.Config()
	cfg.RetryMaxAttempts, cfg.RequestChecksumCalculation = 1, aws.RequestChecksumCalculationWhenSupported
	return s, cfg, nil
}

// remote is the account, if the credentials at hand are its own.
func remote(t *testing.T, account string) Target {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatalf("ask who is calling: %v", err)
	}
	if *who.Account != account {
		t.Fatalf("%s is %s, but the credentials are those of %s", accountVariable, account, *who.Account)
	}
	return Target{
		Config: cfg, Account: account, Patience: 15 * time.Minute, Pause: 3 * time.Second, Spread: 15 * time.Second,
		Now: time.Now, //nolint:forbidigo // AWS's clock, or nearly
	}
}

// TestNumbers holds that each assumption can be pointed at by its number for good.
func TestNumbers(t *testing.T) {
	titles, numbers := map[string]bool{}, map[int]bool{}
	for _, a := range All() {
		switch {
		case a.Number < 1 || a.Number > 9999:
			t.Errorf("%s: the number is none of 1 to 9999", a)
		case numbers[a.Number]:
			t.Errorf("%s: the number is another's", a)
		case slices.Contains(retired, a.Number):
			t.Errorf("%s: the number is that of an assumption that is no more", a)
		case a.Title == "" || titles[a.Title] || strings.HasSuffix(a.Title, "."):
			t.Errorf("%s: the title is empty, another's, or ends in a full stop", a)
		case a.Source == "" || a.Run == nil:
			t.Errorf("%s: there is no source or no body", a)
		case a.Confirmed && !sourced(a.Source):
			t.Errorf("%s: confirmed by nobody", a)
		}
		numbers[a.Number], titles[a.Title] = true, true
	}
	if len(numbers) < 150 {
		t.Errorf("there are %d assumptions: some have been lost", len(numbers))
	}
}

// TestDocument holds docs/assumptions.md against the list; -update writes it.
func TestDocument(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "assumptions.md")
	want := page(All())
	got, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, match := range regexp.MustCompile(`(?m)^\| (\d{4}) \|`).FindAllSubmatch(got, -1) {
		number, err := strconv.Atoi(string(match[1]))
		if err != nil {
			t.Fatal(err)
		}
		held := slices.ContainsFunc(All(), func(a Assumption) bool { return a.Number == number })
		if !held && !slices.Contains(retired, number) {
			t.Errorf("the assumption %04d is gone: list its number as retired", number)
		}
	}
	if *update {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(got, want) {
		t.Error("docs/assumptions.md is out of date: go test ./localaws/conformance -run TestDocument -update")
	}
}

// page is the document of the assumptions.
func page(all []Assumption) []byte {
	var b bytes.Buffer
	confirmed := 0
	for _, a := range all {
		if a.Confirmed {
			confirmed++
		}
	}
	fmt.Fprintf(&b, `# What is assumed of AWS

Made from localaws/conformance by its test. Each of these %d assumptions is run against localaws by
`+"`go test ./localaws/conformance`"+`, and against a real account by `+"`make acceptance`"+`. One of them alone:
`+"`go test ./localaws/conformance -run 'TestAssumptions/0042'`"+`.

Confirmed means that the source has been read and says just this; that holds of %d. The others are what AWS
is believed to do, and have yet to be seen on an account.

| Number | Assumption | Source | Confirmed |
|---|---|---|---|
`, len(all), confirmed)
	for _, a := range all {
		yes := "no"
		if a.Confirmed {
			yes = "yes"
		}
		title := a.Title
		if a.Known != "" {
			title += " (localaws does not do this yet: " + a.Known + ")"
		}
		if a.LocalOnly != "" {
			title += " (not run on an account: " + a.LocalOnly + ")"
		}
		fmt.Fprintf(&b, "| %04d | %s | %s | %s |\n", a.Number, cell(title), cell(a.Source), yes)
	}
	return b.Bytes()
}

// cell is a text as it may stand in a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`).Replace(text)
}

// TestAFailureIsFound runs an assumption that does not hold, which must be said
// and must leave nothing behind.
func TestAFailureIsFound(t *testing.T) {
	var undone []string
	a := Assumption{Run: func(t *T) {
		t.cleanup("first", func(*T) error { undone = append(undone, "first"); return nil })
		t.cleanup("second", func(*T) error { undone = append(undone, "second"); return context.Canceled })
		end := t.Fatalf
		t.Errorf("one")
		end("two")
		t.Errorf("three")
	}}
	got := a.Check(t.Context(), Target{})
	if len(got) != 3 || !strings.HasSuffix(got[0], "one") || !strings.HasSuffix(got[1], "two") || !strings.Contains(got[2], "second") {
		t.Errorf("found %q", got)
	}
	if !slices.Equal(undone, []string{"second", "first"}) {
		t.Errorf("undone: %v", undone)
	}
}
