package template

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const thing = "\nResources: {A: {Type: T}}"

func load(body string) (*Template, error) {
	document, err := Parse(body)
	if err != nil {
		return nil, err
	}
	return New(document)
}

func TestYAMLAndJSONAreTheSame(t *testing.T) {
	y := `
Resources:
  A:
    Type: T
    Properties:
      Ref: !Ref P
      Att: !GetAtt B.Arn.X
      Long: {Fn::GetAtt: B.Arn}
      Sub: !Sub ["${x}", {x: !Ref P}]
      If: !If [C, 1, yes]
      Date: 2012-10-17
      Id: 012345678901
      Float: 1.50
      Hex: 0x10
      Flag: true
`
	j := `{"Resources":{"A":{"Type":"T","Properties":{
      "Ref":{"Ref":"P"},"Att":{"Fn::GetAtt":["B","Arn.X"]},"Long":{"Fn::GetAtt":["B","Arn"]},
      "Sub":{"Fn::Sub":["${x}",{"x":{"Ref":"P"}}]},"If":{"Fn::If":["C",1,"yes"]},
      "Date":"2012-10-17","Id":"012345678901","Float":1.50,"Hex":16,"Flag":true}}}}`
	fromYAML, err := Parse(y)
	if err != nil {
		t.Fatal(err)
	}
	fromJSON, err := Parse(j)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fromJSON, fromYAML); d != "" {
		t.Error(d)
	}
}

func TestMistakes(t *testing.T) {
	deep := "Metadata: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + thing
	var many strings.Builder
	many.WriteString("Resources:\n")
	for i := range 501 {
		many.WriteString("  R" + strings.Repeat("a", i) + ": {Type: T}\n")
	}
	for _, c := range []struct{ name, body, want string }{
		{"empty", "", "Template format error: unsupported structure."},
		{"a scalar", "file://template.yaml", "Template format error: unsupported structure."},
		{"tab", "Resources:\n\tA: 1", "Template format error: YAML not well-formed. (line 2)"},
		{"trailing JSON", `{"a":"b"} x`, "Template format error: JSON not well-formed. (line 1, column 11)"},
		{"unknown tag", "Resources:\n  A: !Nope x", "Template format error: YAML not well-formed. (line 2, column 6)"},
		{"twice", "Resources:\n  A: {}\n  A: {}", "Template format error: YAML not well-formed. (line 3, column 3)"},
		{"alias", "Metadata: {a: &x 1, b: *x}" + thing, "Template error: YAML aliases are not allowed in CloudFormation templates"},
		{"null", "Resources:\n  A:\n    Type: T\n    Properties:\n      X:\n", "[/Resources/A/Properties/X] 'null' values are not allowed in templates"},
		{"deep", deep, "Template format error: nesting is deeper than the maximum allowed, 100"},
		{"many", many.String(), "Template format error: Number of resources, 501, is greater than maximum allowed, 500"},
		{"section", "Resource: x" + thing, "Invalid template property or properties [Resource]"},
		{"version", "AWSTemplateFormatVersion: 2011-01-01" + thing, "Template format error: unsupported value for AWSTemplateFormatVersion."},
		{"rules", "Rules: {}" + thing, "Template format error: the Rules section is not served by this AWS"},
		{"no type", "Resources: {A: {}}", "Template format error: [/Resources/A] Every Resources object must contain a Type member."},
		{"name", "Resources: {a-b: {Type: T}}", "Template format error: Resource name a-b is non alphanumeric."},
		{"attribute", "Resources: {A: {Type: T, Props: {}}}", "Invalid template resource property 'Props'"},
		{"creation policy", "Resources: {A: {Type: T, CreationPolicy: {}}}", "Template error: resource A: the attribute CreationPolicy is not served by this AWS"},
		{"policy", "Resources: {A: {Type: T, DeletionPolicy: Keep}}", "Template format error: Unrecognized DeletionPolicy Keep for resource A"},
		{"reference", "Resources: {A: {Type: T, Properties: {X: !Ref Y, Z: !Sub '${Q}'}}}", "Template format error: Unresolved resource dependencies [Q, Y] in the Resources block of the template"},
		{"depends", "Resources: {A: {Type: T, DependsOn: Y}}", "Template format error: Unresolved resource dependencies [Y] in the Resources block of the template"},
		{"output reference", "Outputs: {O: {Value: !Ref Y}}" + thing, "Template format error: Unresolved resource dependencies [Y] in the Outputs block of the template"},
		{"output without value", "Outputs: {O: {}}" + thing, "Template format error: Every Outputs member must contain a Value object"},
		{"getatt", "Resources: {A: {Type: T, Properties: {X: !GetAtt Y.Arn}}}", "Template error: instance of Fn::GetAtt references undefined resource Y"},
		{"getatt form", "Resources: {A: {Type: T, Properties: {X: !GetAtt Y}}}", "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"},
		{"sub attribute", "Resources: {A: {Type: T, Properties: {X: !Sub '${Y.Arn}'}}}", "Template error: instance of Fn::Sub references invalid resource attribute Y.Arn"},
		{"sub form", "Resources: {A: {Type: T, Properties: {X: !Sub [a, b, c]}}}", errSub().Error()},
		{"function", "Resources: {A: {Type: T, Properties: {X: {'Fn::Nope': 1}}}}", "Template error: Unrecognized intrinsic function Fn::Nope"},
		{"transform", "Resources: {A: {Type: T, Properties: {X: !Transform {Name: x}}}}", "Template error: Fn::Transform is not served by this AWS"},
		{"foreach", "Resources: {'Fn::ForEach::X': [a]}", "Template error: Fn::ForEach is not served by this AWS"},
		{"extension", "Resources: {A: {Type: T, Properties: {X: !Length [a]}}}", "Template error: Fn::Length requires the transform AWS::LanguageExtensions"},
		{"if", "Resources: {A: {Type: T, Properties: {X: !If [C, 1, 2]}}}", "Template error: unresolved condition dependency C in Fn::If"},
		{"condition", "Resources: {A: {Type: T, Condition: C}}", "Template format error: Unresolved condition dependency C in the Resources block of the template"},
		{"condition on a resource", "Conditions: {C: !Equals [!Ref A, x]}" + thing, "Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions block of the template"},
		{"circle", "Resources: {A: {Type: T, Properties: {X: !Ref B}}, B: {Type: T, DependsOn: A}, C: {Type: T, DependsOn: A}}", "Circular dependency between resources: [A, B]"},
		{"self", "Resources: {A: {Type: T, Properties: {X: !GetAtt A.Arn}}}", "Circular dependency between resources: [A]"},
		{"parameter type", "Parameters: {P: {Type: Text}}" + thing, "Template format error: Unrecognized parameter type: Text"},
		{"ssm", "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>'}}" + thing, "Template format error: Parameter type AWS::SSM::Parameter::Value<String> is not served by this AWS"},
		{"default", "Parameters: {P: {Type: String, Default: [x]}}" + thing, "Template format error: Every Default member must be a string."},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load(c.body)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestParameterValues(t *testing.T) {
	for _, c := range []struct{ name, declaration, value, want string }{
		{"string", "{Type: String}", "x", `"x"`},
		{"list", "{Type: CommaDelimitedList}", "a, b", `["a","b"]`},
		{"numbers", "{Type: List<Number>}", "1,2", `["1","2"]`},
		{"not a number", "{Type: Number}", "x", "Parameter 'P' must be a number."},
		{"too small", "{Type: Number, MinValue: 3}", "2", "Parameter 'P' must be a number not less than 3"},
		{"too great", "{Type: Number, MaxValue: 3}", "4", "Parameter 'P' must be a number not greater than 3"},
		{"values", "{Type: String, AllowedValues: [a, b]}", "c", "Parameter 'P' must be one of AllowedValues"},
		{"pattern", "{Type: String, AllowedPattern: '[a-z]+'}", "A", "Parameter 'P' must match pattern [a-z]+"},
		{"constraint", "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: letters only}", "A", "Parameter P failed to satisfy constraint: letters only"},
		{"short", "{Type: String, MinLength: 2}", "x", "Parameter 'P' must contain at least 2 characters"},
		{"long", "{Type: String, MaxLength: 2}", "xxx", "Parameter 'P' must contain at most 2 characters"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tmpl, err := load("Parameters: {P: " + c.declaration + "}" + thing)
			if err != nil {
				t.Fatal(err)
			}
			value, err := tmpl.Parameters["P"].Value("P", c.value)
			got, _ := Encode(value)
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// ground answers references with their own names.
type ground struct{}

func (ground) Ref(id string) (any, error) {
	if id == "New" {
		return Unknown{}, nil
	}
	return "ref-" + id, nil
}
func (ground) GetAtt(id, attribute string) (any, error) { return id + "/" + attribute, nil }

func TestFunctions(t *testing.T) {
	const head = `
Transform: AWS::LanguageExtensions
Parameters: {P: {Type: String}, L: {Type: CommaDelimitedList}}
Mappings: {M: {eu-west-1: {k: v, l: [x, y]}}}
Conditions:
  Yes: !Equals [!Ref P, p]
  No: !Not [!Condition Yes]
  Both: !And [!Condition Yes, !Not [!Condition No]]
  Either: !Or [!Condition No, !Condition No]
Resources:
  A: {Type: T}
  New: {Type: T}
  Off: {Type: T, Condition: No}
  X:
    Type: T
    Properties:
      V: `
	for _, c := range []struct{ name, value, want string }{
		{"ref", "!Ref P", `"p"`},
		{"ref of a resource", "!Ref A", `"ref-A"`},
		{"ref of nothing", "[!Ref AWS::NoValue, x, {a: !Ref AWS::NoValue}]", `["x",{}]`},
		{"getatt", "!GetAtt A.B.C", `"A/B.C"`},
		{"getatt by ref", "{Fn::GetAtt: [A, !Ref P]}", `"A/p"`},
		{"sub", "!Sub '${P}-${A}-${A.Arn}-${AWS::Region}-${!P}'", `"p-ref-A-A/Arn-eu-west-1-${P}"`},
		{"sub with variables", "!Sub ['${x}${P}', {x: !Ref A, P: q}]", `"ref-Aq"`},
		{"sub of a list", "!Sub '${L}'", "Template error: variable L in Fn::Sub expression does not resolve to a string"},
		{"join", "!Join ['-', [a, 1, true, !Ref P]]", `"a-1-true-p"`},
		{"join of a parameter", "!Join [',', !Ref L]", `"l1,l2"`},
		{"join of a string", "!Join [',', x]", "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."},
		{"split and select", "!Select [1, !Split ['/', a/b/c]]", `"b"`},
		{"select nothing", "!Select [5, [a]]", "Template error: Fn::Select  cannot select nonexistent value at index 5"},
		{"map", "!FindInMap [M, !Ref AWS::Region, k]", `"v"`},
		{"no map", "!FindInMap [N, a, b]", "Template error: Mapping named 'N' is not present in the 'Mappings' section of template."},
		{"no key", "!FindInMap [M, a, b]", "Template error: Unable to get mapping for M::a::b"},
		{"map with default", "!FindInMap [M, a, b, {DefaultValue: d}]", `"d"`},
		{"if", "!If [Yes, a, b]", `"a"`},
		{"if not", "!If [No, a, !If [Both, b, c]]", `"b"`},
		{"either", "!If [Either, a, !Ref AWS::NoValue]", `null`},
		{"base64", "!Base64 hi", `"aGk="`},
		{"cidr", "!Cidr [10.0.0.0/16, 3, 8]", `["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"]`},
		{"cidr over a byte", "!Select [16, !Cidr [10.0.0.0/16, 17, 12]]", "Template error: Fn::Cidr cannot make 17 subnets of 12 bits in 10.0.0.0/16"},
		{"cidr carry", "!Select [15, !Cidr [10.0.0.0/16, 16, 12]]", `"10.0.240.0/20"`},
		{"zones", "!GetAZs ''", `["eu-west-1a","eu-west-1b","eu-west-1c"]`},
		{"length", "!Length [a, b]", `2`},
		{"json", "!ToJsonString {b: !Ref P, a: [1]}", `"{\"a\":[1],\"b\":\"p\"}"`},
		{"unknown", "!Sub '${New}/x'", `"{{changeSet:KNOWN_AFTER_APPLY}}"`},
		{"import", "!ImportValue other", "No export named other found."},
		{"dynamic", "'{{resolve:ssm:x}}'", "Template error: dynamic references are not served by this AWS: {{resolve:ssm:x}}"},
		{"inactive", "!Ref Off", "Template format error: Unresolved resource dependencies [Off] in the Resources block of the template"},
		{"policy condition", "{Condition: {StringEquals: {a: b}}, Effect: Allow}", `{"Condition":{"StringEquals":{"a":"b"}},"Effect":"Allow"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			tmpl, err := load(head + c.value + "\n")
			if err != nil {
				t.Fatal(err)
			}
			s, err := NewScope(tmpl, map[string]any{"P": "p", "L": []any{"l1", "l2"}, "AWS::Region": "eu-west-1"})
			if err != nil {
				t.Fatal(err)
			}
			s.Resources = ground{}
			value, err := s.Resolve(tmpl.Resources["X"].Properties["V"])
			got, _ := Encode(value)
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestGraphFollowsTheConditions(t *testing.T) {
	tmpl, err := load(`
Parameters: {P: {Type: String}}
Conditions: {On: !Equals [!Ref P, on]}
Resources:
  A: {Type: T, Properties: {X: !If [On, !Ref B, !Ref AWS::NoValue]}}
  B: {Type: T, Properties: {X: !If [On, x, !Ref A]}}
  C: {Type: T, Condition: On, DependsOn: [A, B]}
`)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]map[string][]string{
		"on":  {"A": {"B"}, "B": {}, "C": {"A", "B"}},
		"off": {"A": {}, "B": {"A"}},
	} {
		s, err := NewScope(tmpl, map[string]any{"P": value})
		if err != nil {
			t.Fatal(err)
		}
		graph, err := tmpl.Graph(s.Holds)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, graph); d != "" {
			t.Error(value, d)
		}
	}
}

func TestCircularConditions(t *testing.T) {
	tmpl, err := load("Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}" + thing)
	if err != nil {
		t.Fatal(err)
	}
	_, err = NewScope(tmpl, nil)
	if err == nil || err.Error() != "Template format error: Circular dependency between conditions: [A, B]" {
		t.Error(err)
	}
}

func TestFunctionBombIsCapped(t *testing.T) {
	inner := `"` + strings.Repeat("x", 100) + `"`
	for range 20 {
		inner = `{"Fn::Sub":["` + strings.Repeat("${a}", 50) + `",{"a":` + inner + `}]}`
	}
	tmpl, err := load(`{"Resources":{"A":{"Type":"T","Properties":{"X":` + inner + `}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewScope(tmpl, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.Resolve(tmpl.Resources["A"].Properties); err == nil || err.Error() != errResult().Error() {
		t.Error(err)
	}
}

func TestNumbersSurviveStorage(t *testing.T) {
	before := Document{"n": json.Number("12345678901234567890"), "f": json.Number("1.50")}
	data, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var after Document
	if err := json.Unmarshal(data, &after); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
}
