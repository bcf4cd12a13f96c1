package buildspec

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"
)

// maxFallbackKeys is AWS's limit.
const maxFallbackKeys = 5

func (p *parser) artifacts(n *yaml.Node) {
	artifacts := &Artifacts{}
	known := p.files("artifacts", &artifacts.Files)
	known["secondary-artifacts"] = func(n *yaml.Node) {
		p.pairs("artifacts.secondary-artifacts", n, func(key, value *yaml.Node) {
			where := "artifacts.secondary-artifacts." + key.Value
			one := SecondaryArtifact{Identifier: key.Value}
			p.mapping(where, value, p.files(where, &one.Files))
			p.needFiles(where, value, one.Files)
			artifacts.Secondary = append(artifacts.Secondary, one)
		})
	}
	// AWS's guides of Lambda had "type: zip" in their buildspecs, and so do many
	// others. CodeBuild ignores it: the project says how artifacts are packed.
	known["type"] = func(n *yaml.Node) { p.text("artifacts.type", n) }
	p.mapping("artifacts", n, known)
	if len(artifacts.Secondary) == 0 {
		p.needFiles("artifacts", n, artifacts.Files)
	}
	p.spec.Artifacts = artifacts
}

func (p *parser) needFiles(where string, n *yaml.Node, f Files) {
	if len(f.Files) == 0 {
		p.fail(n, "%s has no files: write files: '**/*' for all of them", where)
	}
}

func (p *parser) files(where string, f *Files) fields {
	return fields{
		"files":          func(n *yaml.Node) { f.Files = p.globs(where+".files", n) },
		"name":           func(n *yaml.Node) { f.Name = p.text(where+".name", n) },
		"base-directory": func(n *yaml.Node) { f.BaseDirectory = p.text(where+".base-directory", n) },
		"exclude-paths":  func(n *yaml.Node) { f.Exclude = p.globs(where+".exclude-paths", n) },
		"discard-paths":  func(n *yaml.Node) { f.DiscardPaths = p.flag(where+".discard-paths", n) },
		"enable-symlinks": func(n *yaml.Node) {
			if p.flag(where+".enable-symlinks", n) {
				p.unserved(n, where+".enable-symlinks")
			}
		},
		"s3-prefix": func(n *yaml.Node) { p.unserved(n, where+".s3-prefix") },
	}
}

func (p *parser) globs(where string, n *yaml.Node) []string {
	all := p.texts(where, n)
	for _, glob := range all {
		if !doublestar.ValidatePattern(glob) || strings.ContainsRune(glob, 0) {
			p.fail(n, "%s has %q, which is not a pattern for paths", where, glob)
		}
	}
	return all
}

func (p *parser) cache(n *yaml.Node) {
	cache := &Cache{Restore: true, Save: true}
	p.mapping("cache", n, fields{
		"paths":         func(n *yaml.Node) { cache.Paths = p.globs("cache.paths", n) },
		"key":           func(n *yaml.Node) { cache.Key = p.text("cache.key", n) },
		"fallback-keys": func(n *yaml.Node) { cache.FallbackKeys = p.texts("cache.fallback-keys", n) },
		"action": func(n *yaml.Node) {
			switch action := p.text("cache.action", n); action {
			case "restore":
				cache.Save = false
			case "save":
				cache.Restore = false
			default:
				p.fail(n, "cache.action is %q, and must be restore or save", action)
			}
		},
	})
	if len(cache.FallbackKeys) > maxFallbackKeys {
		p.fail(n, "cache.fallback-keys has %d keys: at most %d are allowed", len(cache.FallbackKeys), maxFallbackKeys)
	}
	p.spec.Cache = cache
}
