package codepipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
)

// overrides resolves ParameterOverrides: strings, and the two functions of
// docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/continuous-delivery-codepipeline-parameter-override-functions.html.
func (d *deployment) overrides(ctx context.Context) (map[string]string, error) {
	text := d.configuration["ParameterOverrides"]
	if text == "" {
		return nil, nil
	}
	if len(text) > maxOverrides {
		return nil, failed(codeConfiguration, "ParameterOverrides is larger than the maximum size of 1 kilobyte")
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return nil, failed(codeConfiguration, "ParameterOverrides is not a JSON object: %s", err.Error())
	}
	values := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value, err := d.overrideValue(ctx, name, given[name])
		if err != nil {
			return nil, err
		}
		values[name] = value
	}
	return values, nil
}

func (d *deployment) overrideValue(ctx context.Context, name string, raw json.RawMessage) (string, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return scalar(name, raw)
	}
	var call map[string][]string
	if err := json.Unmarshal(raw, &call); err != nil || len(call) != 1 {
		return "", failed(codeConfiguration, "ParameterOverrides: the value of %s must be a string or one function with a list of strings", name)
	}
	for function, args := range call {
		switch {
		case function == "Fn::GetArtifactAtt" && len(args) == 2:
			return d.artifactAttribute(args[0], args[1])
		case function == "Fn::GetParam" && len(args) == 3:
			return d.param(ctx, args[0], args[1], args[2])
		case function == "Fn::GetArtifactAtt", function == "Fn::GetParam":
			return "", failed(codeConfiguration, "ParameterOverrides: %s of %s has %d arguments", function, name, len(args))
		}
		return "", failed(codeConfiguration, "ParameterOverrides: function %s of %s is not known. Use Fn::GetArtifactAtt or Fn::GetParam", function, name)
	}
	return "", nil
}

// scalar takes a JSON string as it reads, a number or a boolean as it is written.
func scalar(name string, raw json.RawMessage) (string, error) {
	raw = bytes.TrimSpace(raw)
	var s string
	if json.Unmarshal(raw, &s) == nil && string(raw) != "null" {
		return s, nil
	}
	if bytes.HasPrefix(raw, []byte("[")) || string(raw) == "null" {
		return "", failed(codeConfiguration, "ParameterOverrides: the value of %s must be a string or one function with a list of strings", name)
	}
	return string(raw), nil
}

func (d *deployment) artifactAttribute(name, attribute string) (string, error) {
	in, err := d.input(name)
	if err != nil {
		return "", err
	}
	switch attribute {
	case "BucketName":
		return in.Bucket, nil
	case "ObjectKey":
		return in.Key, nil
	case "URL":
		return "https://" + in.Bucket + ".s3." + d.service.env.Region + ".amazonaws.com/" + in.Key, nil
	}
	return "", failed(codeConfiguration, "ParameterOverrides: attribute %s of artifact %s is not known. Use BucketName, ObjectKey or URL", attribute, name)
}

func (d *deployment) param(ctx context.Context, name, file, key string) (string, error) {
	in, err := d.input(name)
	if err != nil {
		return "", err
	}
	data, err := d.service.readFile(ctx, d.cfg, in, file)
	if err != nil {
		return "", err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(data, &values); err != nil {
		return "", failed(codeConfiguration, "File [%s] in artifact [%s] is not a JSON object: %s", file, name, err.Error())
	}
	value, ok := values[key]
	if !ok {
		return "", failed(codeConfiguration, "Key [%s] does not exist in file [%s] of artifact [%s]", key, file, name)
	}
	return scalar(key, value)
}
