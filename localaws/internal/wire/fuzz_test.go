package wire

import (
	"bytes"
	"encoding/json"
	"net/url"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/codepipeline"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// FuzzQuery wants that no form makes the decoder panic, that well-formed
// parameters are found again, and that what was decoded breaks no constraint
// unreported.
func FuzzQuery(f *testing.F) {
	f.Add("Action=CreateStack&StackName=demo&Tags.member.1.Key=a&Tags.member.1.Value=b&Capabilities.member.1=CAPABILITY_IAM")
	f.Add("StackName=%zz&&=&Tags.member=&Tags=&Tags.member.99999999999999999999.Key=x")
	f.Add("StackName.StackName.member.1=1&StackName=2&Tags.member.1=scalar&TimeoutInMinutes=x")
	f.Add("Parameters.member.2.ParameterKey=b&Parameters.member.-1.ParameterKey=c&DisableRollback=maybe")
	table, err := load("cloudformation")
	if err != nil {
		f.Fatal(err)
	}
	plan := table.plan("CreateStackInput", reflect.TypeFor[cloudformation.CreateStackInput]())
	f.Fuzz(func(t *testing.T, body string) {
		form, err := parseForm(body)
		if err != nil {
			return
		}
		if values, err := url.ParseQuery(body); err == nil && len(values["Action"]) == 1 && form.get("Action") != values.Get("Action") {
			t.Errorf("Action = %q, want %q", form.get("Action"), values.Get("Action"))
		}
		var in cloudformation.CreateStackInput
		d := decoder{newToken: newToken}
		if d.structure(plan, form, reflect.ValueOf(&in).Elem()) == nil && len(d.violations) == 0 && (in.StackName == nil || *in.StackName == "") {
			t.Errorf("a stack without a name was let through: %q", body)
		}
	})
}

// FuzzJSON wants that no document makes the decoder panic, and that what is
// written of what was read is JSON again and reads the same.
func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"pipeline":{"name":"p","roleArn":"arn:aws:iam::123456789012:role/r","stages":[{"name":"S","actions":[]}]},"tags":[{"key":"a","value":"b"}]}`))
	f.Add([]byte(`{"pipeline":{"version":1e3,"name":null,"stages":{}}}`))
	f.Add([]byte(`[]`))
	table, err := load("codepipeline")
	if err != nil {
		f.Fatal(err)
	}
	plan := table.plan("CreatePipelineInput", reflect.TypeFor[codepipeline.CreatePipelineInput]())
	read := func(body []byte) (reflect.Value, bool) {
		src, err := parseJSON(body)
		if err != nil {
			return reflect.Value{}, false
		}
		v := reflect.New(plan.typ).Elem()
		d := decoder{newToken: newToken}
		return v, d.structure(plan, src, v) == nil
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		first, ok := read(body)
		if !ok {
			return
		}
		written := appendJSON(nil, plan, first)
		if !json.Valid(written) {
			t.Fatalf("not JSON: %s", written)
		}
		second, ok := read(written)
		if !ok || !bytes.Equal(written, appendJSON(nil, plan, second)) {
			t.Errorf("%s does not read back", written)
		}
	})
}

// FuzzXML does the same for S3's documents.
func FuzzXML(f *testing.F) {
	f.Add([]byte(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a&amp;b</Key></Object><Quiet>true</Quiet></Delete>`))
	f.Add([]byte(`<!DOCTYPE x [<!ENTITY a "b">]><Delete>&a;</Delete>`))
	f.Add([]byte(`<a><b></a>`))
	table, err := load("s3")
	if err != nil {
		f.Fatal(err)
	}
	plan := table.plan("DeleteObjectsRequest", reflect.TypeFor[s3.DeleteObjectsInput]()).payload
	f.Fuzz(func(t *testing.T, body []byte) {
		root, err := parseXML(body)
		if err != nil || root == nil {
			return
		}
		v := reflect.New(plan.typ).Elem()
		d := decoder{newToken: newToken}
		if d.structure(plan.node, xmlSource{root}, v) != nil {
			return
		}
		written := appendXML(nil, "Delete", plan.node, v, namespace{})
		if again, err := parseXML(written); err != nil || again == nil {
			t.Errorf("%s does not read back: %v", written, err)
		}
	})
}
