package buildspec

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (p *parser) document(n *yaml.Node) {
	var version, phases *yaml.Node
	p.mapping("", n, fields{
		"version":   func(n *yaml.Node) { version = n },
		"run-as":    func(n *yaml.Node) { p.unserved(n, "run-as") },
		"env":       p.env,
		"proxy":     func(n *yaml.Node) { p.unserved(n, "proxy") },
		"batch":     func(n *yaml.Node) { p.unserved(n, "batch") },
		"phases":    func(n *yaml.Node) { phases = n; p.phases(n) },
		"reports":   func(n *yaml.Node) { p.unserved(n, "reports") },
		"artifacts": p.artifacts,
		"cache":     p.cache,
	})
	switch {
	case version == nil:
		p.fail(n, "the buildspec has no version: write version: 0.2 as its first line")
	case resolve(version).Value == "0.1":
		p.fail(version, "version 0.1 is not served here, since each of its commands has a shell of its own: write version: 0.2")
	case resolve(version).Value != "0.2":
		p.fail(version, "the version is %s, and must be 0.2", kind(resolve(version)))
	case phases == nil:
		p.fail(n, "the buildspec has no phases, so there is nothing to run")
	}
}

func (p *parser) env(n *yaml.Node) {
	p.mapping("env", n, fields{
		"shell":     p.shell,
		"variables": p.envVariables,
		"parameter-store": func(n *yaml.Node) {
			p.spec.Env.ParameterStore = p.variables("env.parameter-store", n)
		},
		"secrets-manager": func(n *yaml.Node) {
			p.spec.Env.SecretsManager = p.variables("env.secrets-manager", n)
		},
		"exported-variables": func(n *yaml.Node) { p.spec.Env.Exported = p.names("env.exported-variables", n) },
		"git-credential-helper": func(n *yaml.Node) {
			p.spec.Env.GitCredentials = p.flag("env.git-credential-helper", n)
		},
	})
}

func (p *parser) shell(n *yaml.Node) {
	switch shell := p.text("env.shell", n); shell {
	case "sh", "/bin/sh":
		p.spec.Env.Shell = "sh"
	case "bash", "/bin/bash":
		p.spec.Env.Shell = "bash"
	case "powershell.exe", "cmd.exe":
		p.unserved(n, "env.shell "+shell)
	default:
		p.fail(n, "env.shell is %q, and must be sh or bash", shell)
	}
}

func (p *parser) envVariables(n *yaml.Node) {
	p.spec.Env.Variables = p.variables("env.variables", n)
	for _, v := range p.spec.Env.Variables {
		switch {
		case !variableName.MatchString(v.Name):
			p.fail(n, "env.variables has %q, which is not a name that a shell takes", v.Name)
		case strings.HasPrefix(v.Name, "CODEBUILD_"):
			p.fail(n, "env.variables has %q: names that start with CODEBUILD_ are reserved", v.Name)
		case strings.ContainsRune(v.Value, 0):
			p.fail(n, "env.variables.%s has a zero byte", v.Name)
		}
	}
}

func (p *parser) names(where string, n *yaml.Node) []string {
	all := p.texts(where, n)
	for _, name := range all {
		if !variableName.MatchString(name) {
			p.fail(n, "%s has %q, which is not the name of a variable", where, name)
		}
	}
	return all
}

func (p *parser) phases(n *yaml.Node) {
	known := fields{}
	for i, name := range PhaseNames {
		known[name] = func(n *yaml.Node) { p.phase(name, n, &p.spec.Phases[i]) }
	}
	p.mapping("phases", n, known)
	if !slices.ContainsFunc(p.spec.Phases[:], func(ph Phase) bool { return ph.Line > 0 }) {
		p.fail(n, "phases has none of %s, so there is nothing to run", strings.Join(PhaseNames[:], ", "))
	}
}

func (p *parser) phase(name string, n *yaml.Node, phase *Phase) {
	where := "phases." + name
	phase.Line = n.Line
	known := fields{
		"run-as":     func(n *yaml.Node) { p.unserved(n, where+".run-as") },
		"on-failure": func(n *yaml.Node) { p.onFailure(where, n, phase) },
		"commands":   func(n *yaml.Node) { phase.Commands = p.commands(where+".commands", n) },
		"finally":    func(n *yaml.Node) { phase.Finally = p.commands(where+".finally", n) },
		"runtime-versions": func(n *yaml.Node) {
			phase.Runtimes = p.variables(where+".runtime-versions", n)
		},
	}
	if name != "install" {
		known["runtime-versions"] = func(n *yaml.Node) {
			p.fail(n, "%s has runtime-versions, which belong into phases.install", where)
		}
	}
	p.mapping(where, n, known)
}

func (p *parser) commands(where string, n *yaml.Node) []string {
	all := p.texts(where, n)
	for i, command := range all {
		if strings.ContainsRune(command, 0) {
			p.fail(n, "%s[%d] has a zero byte", where, i)
		}
	}
	return all
}

const (
	defaultRetries = 3
	maxRetries     = 100
)

// onFailure reads ABORT, CONTINUE, RETRY, RETRY-<count>, RETRY-<pattern> or
// RETRY-<count>-<pattern>; AWS's guide writes Retry, too.
func (p *parser) onFailure(where string, n *yaml.Node, phase *Phase) {
	mode := p.text(where+".on-failure", n)
	switch {
	case mode == "ABORT":
		phase.OnFailure = Abort
		return
	case mode == "CONTINUE":
		phase.OnFailure = Continue
		return
	case len(mode) < len("RETRY") || !strings.EqualFold(mode[:len("RETRY")], "RETRY"):
		p.fail(n, "%s.on-failure is %q, and must be ABORT, CONTINUE or RETRY", where, mode)
		return
	}
	phase.OnFailure, phase.Retries = Retry, defaultRetries
	pattern, some := strings.CutPrefix(mode[len("RETRY"):], "-")
	if !some && pattern != "" {
		p.fail(n, "%s.on-failure is %q, and must be RETRY, RETRY-<count>, RETRY-<pattern> or RETRY-<count>-<pattern>", where, mode)
	}
	first, rest, _ := strings.Cut(pattern, "-")
	if count, err := strconv.Atoi(first); err == nil {
		if count < 0 || count > maxRetries {
			p.fail(n, "%s.on-failure has the count %d, and it must be between 0 and %d", where, count, maxRetries)
		}
		phase.Retries, pattern = count, rest
	}
	expression, err := regexp.Compile(pattern)
	if err != nil {
		p.fail(n, "%s.on-failure has %q, which is not a regular expression", where, pattern)
	}
	phase.RetryOn = expression
}
