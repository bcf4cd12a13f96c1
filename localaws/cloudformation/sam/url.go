package sam

import (
	"encoding/json"
	"maps"
	"slices"
)

// makeURL makes the function's URL and, where it is public, the two permissions
// that let anybody call it: for the URL, and for the function by way of the URL.
func (f *function) makeURL() error {
	config, ok := f.given["FunctionUrlConfig"].(map[string]any)
	if !ok || len(config) == 0 {
		return nil
	}
	if isIntrinsic(config) {
		return f.fail("An intrinsic function as 'FunctionUrlConfig' is not supported by this AWS.")
	}
	auth := config["AuthType"]
	if !isIntrinsic(auth) && auth != "AWS_IAM" && auth != "NONE" {
		return f.fail("AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.")
	}
	if err := f.checkCORS(config["Cors"]); err != nil {
		return err
	}
	for name := range maps.Keys(config) {
		if !slices.Contains([]string{"AuthType", "Cors", "InvokeMode"}, name) {
			return f.fail("property %s not defined for FunctionUrlConfig", name)
		}
	}
	properties := map[string]any{"AuthType": auth, "TargetFunctionArn": ref(f.target())}
	if cors := config["Cors"]; truthy(cors) {
		properties["Cors"] = cors
	}
	if mode := config["InvokeMode"]; mode != nil {
		properties["InvokeMode"] = mode
	}
	if err := f.generate(f.id+"Url", "AWS::Lambda::Url", properties); err != nil || auth != "NONE" {
		return err
	}
	if err := f.generate(f.id+"UrlPublicPermissions", "AWS::Lambda::Permission", map[string]any{
		"Action": "lambda:InvokeFunctionUrl", "FunctionName": ref(f.target()), "Principal": "*", "FunctionUrlAuthType": auth,
	}); err != nil {
		return err
	}
	return f.generate(f.id+"URLInvokeAllowPublicAccess", "AWS::Lambda::Permission", map[string]any{
		"Action": "lambda:InvokeFunction", "FunctionName": ref(f.target()), "Principal": "*", "InvokedViaFunctionUrl": true,
	})
}

// target is the logical id of what is called: the alias where there is one.
func (f *function) target() string {
	if f.alias != "" {
		return f.alias
	}
	return f.id
}

// corsTypes are the translator's checks, by the names that Python has for the types.
var corsTypes = map[string]string{
	"AllowOrigins": "list", "AllowMethods": "list", "AllowCredentials": "bool",
	"AllowHeaders": "list", "ExposeHeaders": "list", "MaxAge": "int",
}

func (f *function) checkCORS(value any) error {
	if !truthy(value) || isIntrinsic(value) {
		return nil
	}
	cors, ok := value.(map[string]any)
	if !ok {
		return f.fail("Property 'FunctionUrlConfig.Cors' should be a map.")
	}
	for _, name := range slices.Sorted(maps.Keys(cors)) {
		want, known := corsTypes[name]
		if !known {
			return f.fail("%s is not a valid property for configuring Cors.", name)
		}
		var is bool
		switch want {
		case "list":
			_, is = cors[name].([]any)
		case "bool":
			_, is = cors[name].(bool)
		default:
			var number json.Number
			if number, is = cors[name].(json.Number); is {
				_, err := number.Int64()
				is = err == nil
			}
		}
		if !is && !isIntrinsic(cors[name]) {
			return f.fail("%s must be of type %s.", name, want)
		}
	}
	return nil
}
